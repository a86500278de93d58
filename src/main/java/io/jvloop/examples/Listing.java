package io.jvloop.examples;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A folder as a page: folders first, then files, with size and date. */
final class Listing {
    private static final String STYLE = """
            :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
            body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
            h1 { font-size: 1.25rem; overflow-wrap: anywhere }
            table { border-collapse: collapse; width: 100% }
            td, th { padding: .3rem .5rem; text-align: left; border-bottom: 1px solid #8884 }
            td:first-child { overflow-wrap: anywhere }
            td + td, th + th { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums }
            a { text-decoration: none } a:hover { text-decoration: underline }
            footer { margin-top: 1.5rem; opacity: .6; font-size: .85rem }
            """;

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());
    private static final String UNITS = "KMGTPE";
    private static final int UNIT = 1024;

    /**
     * A line.
     *
     * @param name of the file, with a slash for a folder
     * @param isFolder whether it is one
     * @param size in bytes
     * @param modified when
     */
    private record Line(String name, boolean isFolder, long size, String modified) {
        static Line of(Path path) throws IOException {
            BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
            return new Line(path.getFileName().toString(), file.isDirectory(), file.size(),
                    DATE.format(file.lastModifiedTime().toInstant()));
        }

        String html() {
            String slash = isFolder ? "/" : "";
            return "<tr><td><a href=\"./" + UrlPath.encode(name) + slash + "\">" + escape(name) + slash
                    + "</a></td><td>" + (isFolder ? "" : humanSize(size)) + "</td><td>" + modified
                    + "</td></tr>\n";
        }
    }

    private Listing() {
    }

    /** Of what can be had only: no links to outside of the root, no devices. */
    static byte[] of(Path root, Path folder, UrlPath path) throws IOException {
        List<Line> lines = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                try {
                    boolean isOurs = UrlPath.isName(file.getFileName().toString())
                            && file.toRealPath().startsWith(root);
                    if (isOurs && (Files.isRegularFile(file) || Files.isDirectory(file))) {
                        lines.add(Line.of(file));
                    }
                } catch (IOException goneOrDangling) {
                    // then it could not be opened either
                }
            }
        }
        lines.sort(Comparator.comparing((Line line) -> !line.isFolder)
                .thenComparing(line -> line.name.toLowerCase(Locale.ROOT)).thenComparing(Line::name));
        String title = "/" + String.join("/", path.names()) + (path.names().isEmpty() ? "" : "/");
        StringBuilder page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                + "<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
                .append(escape(title)).append("</title>\n<style>\n").append(STYLE)
                .append("</style>\n</head>\n<body>\n<h1>").append(escape(title))
                .append("</h1>\n<table>\n<tr><th>Name</th><th>Size</th><th>Modified</th></tr>\n");
        if (!path.names().isEmpty()) {
            page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
        }
        lines.forEach(line -> page.append(line.html()));
        page.append("</table>\n<footer>").append(lines.size()).append(" entries, served by jvloop</footer>\n")
                .append("</body>\n</html>\n");
        return page.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String humanSize(long bytes) {
        if (bytes < UNIT) {
            return bytes + " B";
        }
        int unit = (Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes)) / 10;
        return String.format(Locale.ROOT, "%.1f %siB", bytes / Math.pow(UNIT, unit), UNITS.charAt(unit - 1));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
