/**
 * The reactor: a loop that knows three things only.
 *
 * <pre>
 *      any thread ── callSoonThreadsafe ──┐            ┌── callLater, callAt
 *      loop thread ─── callSoon ──────────┤            │
 *                                         ▼            ▼
 *                                  CallbackQueue   TimerHeap
 *                                         │            │
 *        one turn:      1 callbacks ◀─────┘            │
 *                       2 timeout  ◀───────────────────┤
 *                       3 poll ◀── SelectorPoller ──▶ IoHandler.ready(ops)   (a channel is ready)
 *                       4 clock                        │
 *                       5 timers ◀─────────────────────┘
 * </pre>
 *
 * <p>It never hears of sockets, protocols or names; those stand on {@code EventLoop.register}.
 *
 * <p>Reading order: {@code EventLoop} (the contract), {@code Reactor.runOnce} (the turn), {@code Handle},
 * {@code TimerHandle}, {@code Timers} and {@code TimerHeap}, {@code CallbackQueue} (the only concurrency,
 * with its proof), {@code SelectorPoller} and {@code Registration}, {@code Ending} (drained or closed) and
 * {@code LoopGroup} (several loops). Then {@code io.jvloop.transport}: sockets on top of this.
 */
package io.jvloop.loop;
