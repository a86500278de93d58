/**
 * The process and its relatives: children, signals, and the end of it all.
 *
 * <pre>
 *    Subprocess (streams)      SubprocessProtocol (callbacks)          Runner
 *          └──────────┬──────────────┘                                   │
 *             SubprocessTransport                                    Shutdown
 *                     │                                                  │
 *          Launch ─▶ Spawned ─▶ ChildPipes (Linux: no threads)        Signals ─▶ tiers
 *                         └───▶ ChildThreads (elsewhere)
 * </pre>
 *
 * <p>Reading order: {@code Subprocess} (the contract), {@code Launch} and {@code Spawned} (how a child is
 * started off the loop and never lost), {@code ChildPipes} (how its streams become channels), {@code
 * SubprocessTransport} (its life); then {@code Signals}, {@code Shutdown}, {@code Runner}.
 */
package io.jvloop.process;
