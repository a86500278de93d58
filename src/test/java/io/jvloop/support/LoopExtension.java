package io.jvloop.support;

import io.jvloop.loop.EventLoop;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each test a loop of its own: {@code @ExtendWith(LoopExtension.class)}, and a parameter of type {@link
 * EventLoop}.
 *
 * <p>Further parameters: {@link ReportedFailures}, the loop's exception handler, and {@link ExpectedLogs}.
 * After the test it is an error if
 * <ul>
 * <li>a reported failure or a log record of level WARNING or above was not taken by the test;
 * <li>the loop still runs, or has channels, timers or buffers left; unless the test closed it itself;
 * <li>a thread named {@code jvloop-…} still works (a pool's thread that waits for work is no error);
 * <li>more sockets, pipes or selectors are open than before; looked at for up to ten seconds.
 * </ul>
 *
 * <p>Threads, log records and descriptors belong to the whole process, so such tests must not run at the same
 * time as others. To run the loop while the test does something else use {@link LoopThread}.
 */
public final class LoopExtension implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(LoopExtension.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Map<Class<?>, Function<LoopGuard, Object>> PARAMETERS = Map.of(
            EventLoop.class, guard -> guard.loop,
            ReportedFailures.class, guard -> guard.failures,
            ExpectedLogs.class, guard -> guard.logs);

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put(LoopGuard.class, new LoopGuard());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        guard(context).check(PATIENCE);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return PARAMETERS.containsKey(parameter.getParameter().getType());
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return PARAMETERS.get(parameter.getParameter().getType()).apply(guard(context));
    }

    private static LoopGuard guard(ExtensionContext context) {
        return context.getStore(NAMESPACE).get(LoopGuard.class, LoopGuard.class);
    }
}
