/**
 * Small programs to run and to copy from; not part of the library JAR. Start with {@code Echo}.
 */
package io.jvloop.examples;
