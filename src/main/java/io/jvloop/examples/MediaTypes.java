package io.jvloop.examples;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** What a browser needs to know of a file, by the end of its name. */
final class MediaTypes {
    private static final String UNKNOWN = "application/octet-stream";

    private static final Map<String, String> TYPES = Map.ofEntries(text("html", "html"), text("htm", "html"),
            text("css", "css"), text("js", "javascript"), text("mjs", "javascript"), text("txt", "plain"),
            text("log", "plain"), text("md", "markdown"), text("csv", "csv"), text("xml", "xml"),
            text("java", "plain"), text("c", "plain"), text("h", "plain"), text("py", "plain"),
            text("sh", "plain"), text("yml", "plain"), text("toml", "plain"), text("properties", "plain"),
            Map.entry("json", "application/json"), Map.entry("pdf", "application/pdf"),
            Map.entry("wasm", "application/wasm"), Map.entry("zip", "application/zip"),
            Map.entry("gz", "application/gzip"), Map.entry("jar", "application/java-archive"),
            Map.entry("svg", "image/svg+xml"), Map.entry("png", "image/png"), Map.entry("jpg", "image/jpeg"),
            Map.entry("jpeg", "image/jpeg"), Map.entry("gif", "image/gif"), Map.entry("webp", "image/webp"),
            Map.entry("avif", "image/avif"), Map.entry("ico", "image/x-icon"), Map.entry("mp4", "video/mp4"),
            Map.entry("webm", "video/webm"), Map.entry("mp3", "audio/mpeg"), Map.entry("ogg", "audio/ogg"),
            Map.entry("wav", "audio/wav"), Map.entry("woff", "font/woff"), Map.entry("woff2", "font/woff2"));

    private MediaTypes() {
    }

    private static Map.Entry<String, String> text(String extension, String subtype) {
        return Map.entry(extension, "text/" + subtype + "; charset=utf-8");
    }

    static String of(Path file) {
        String name = file.getFileName().toString();
        return TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT),
                UNKNOWN);
    }
}
