/**
 * Host names to addresses and back, without making the loop wait.
 *
 * <pre>
 *   getaddrinfo ──▶ literal? ──yes──────────────────────────────────────────────▶ completed future
 *                      │no
 *                      ▼                ┌───────── at most 4 threads ────────┐
 *                LookupPool ── queue ──▶│ Lookup ──▶ NameService (it blocks) │──▶ loop.execute ──▶ future
 *                                       └────────────────────────────────────┘
 *   cancelled:               never begins                      answer dropped
 *   loop closed:             never begins, future fails                            future fails
 * </pre>
 *
 * <p>All loops of a process share one small pool, and nothing but look-ups runs in it: slow file work cannot
 * hold up names, and a slow name server cannot hold up file work.
 *
 * <p>Reading order: {@code Resolver} (the contract), {@code Literals}, {@code Lookup}, {@code LookupPool}.
 *
 * <p>Read next: {@code io.jvloop.transport}, which connects to what is found here.
 */
package io.jvloop.dns;
