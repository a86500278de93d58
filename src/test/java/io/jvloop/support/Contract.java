package io.jvloop.support;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the test that holds a promise made to users. {@code ContractsDocTest} collects them all in
 * docs/contracts.md.
 *
 * <p>A promise is one plain sentence without a full stop, in terms a user knows: what they may rely on, not
 * how it is done. Several tests may hold the same promise, and one test several promises.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Repeatable(Contract.Several.class)
public @interface Contract {
    /** The topic. */
    Section section();

    /** The promise. */
    String value();

    /** Made by the compiler where a test holds several promises. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.METHOD)
    @interface Several {
        /** The promises. */
        Contract[] value();
    }
}
