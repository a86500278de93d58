package io.jvloop.bench;

import java.util.List;
import java.util.Locale;

/**
 * Draws a bar chart as SVG: a row for each server, a column for each size of message. Each column has a scale
 * of its own, which begins at zero.
 *
 * <p>It brings its background along and follows the reader's choice of light or dark, so it can be read on
 * any page; its text is in the reader's own fonts.
 */
final class EchoChart {
    private static final int LEFT = 232;
    private static final int COLUMN = 200;
    private static final int GAP = 24;
    private static final int TOP = 108;
    private static final int ROW = 34;
    private static final int BAR = 20;

    /** The longest bar: beside it there is room for its number. */
    private static final int LONGEST = COLUMN - 44;

    private static final String STYLE = """
            <style>
              text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
                     fill: #1f2328; }
              .title { font-size: 17px; font-weight: 600; }
              .head, .own { font-weight: 600; }
              .note { font-size: 12px; fill: #59636e; }
              text.value, text.own { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
              .page { fill: #ffffff; stroke: #d1d9e0; }
              .grid { stroke: #d1d9e0; }
              .zero { stroke: #818b98; }
              .bar { fill: #a3adb8; }
              .bar.own { fill: #1f6feb; }
              @media (prefers-color-scheme: dark) {
                text { fill: #e6edf3; }
                .note { fill: #9198a1; }
                text.value, text.own { stroke: #0d1117; }
                .page { fill: #0d1117; stroke: #3d444d; }
                .grid { stroke: #30363d; }
                .zero { stroke: #9198a1; }
                .bar { fill: #59636e; }
                .bar.own { fill: #4493f8; }
              }
            </style>
            """;

    private final List<String> rows;
    private final List<String> columns;
    private final List<double[]> values;
    private final String conditions;
    private final StringBuilder svg = new StringBuilder();

    /** The first row is the one to stand out; {@code values} has a number for each row and column. */
    EchoChart(List<String> rows, List<String> columns, List<double[]> values, String conditions) {
        this.rows = rows;
        this.columns = columns;
        this.values = values;
        this.conditions = conditions;
    }

    String svg() {
        int bottom = TOP + rows.size() * ROW;
        int width = LEFT + columns.size() * (COLUMN + GAP);
        int height = bottom + 74;
        svg.setLength(0);
        add("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' width='%d' height='%d' role='img'>",
                width, height, width, height);
        add("<title>Echo server: CPU time per message, in microseconds</title>");
        add("<desc>%s</desc>", escaped(description()));
        svg.append(STYLE);
        add("<rect class='page' x='0.5' y='0.5' width='%d' height='%d' rx='6'/>", width - 1, height - 1);
        text("title", "start", GAP, 34, "Echo server: CPU time per message");
        text("note", "start", GAP, 56, conditions);
        text("head", "start", GAP, TOP - 14, "server");
        for (int row = 0; row < rows.size(); row++) {
            text(row == 0 ? "own" : "name", "start", GAP, middle(row) + 5, rows.get(row));
        }
        for (int column = 0; column < columns.size(); column++) {
            column(column, bottom);
        }
        text("note", "middle", LEFT + (width - LEFT - GAP) / 2, bottom + 52,
                "microseconds of the server's CPU time per message: shorter is better");
        add("</svg>");
        return svg.toString();
    }

    private void column(int column, int bottom) {
        int left = LEFT + column * (COLUMN + GAP);
        double max = values.stream().mapToDouble(row -> row[column]).max().orElse(1);
        double step = step(max);
        text("head", "start", left, TOP - 14, columns.get(column));
        for (int tick = 0; tick * step <= max; tick++) {
            double x = left + LONGEST * tick * step / max;
            add("<line class='%s' x1='%.1f' x2='%.1f' y1='%d' y2='%d'/>", tick == 0 ? "zero" : "grid", x, x,
                    TOP - 2, bottom + 2);
            text("note", "middle", x, bottom + 20, number(tick * step));
        }
        for (int row = 0; row < rows.size(); row++) {
            double value = values.get(row)[column];
            double length = LONGEST * value / max;
            add("<rect class='bar%s' x='%d' y='%d' width='%.1f' height='%d'/>", row == 0 ? " own" : "", left,
                    middle(row) - BAR / 2, length, BAR);
            text(row == 0 ? "own" : "value", "start", left + length + 6, middle(row) + 5,
                    String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value));
        }
    }

    /** 1, 2 or 5 times a power of ten, so that there are two to five steps. */
    private static double step(double max) {
        double step = Math.pow(10, Math.floor(Math.log10(max / 2)));
        return max / step >= 10 ? step * 5 : max / step >= 5 ? step * 2 : step;
    }

    private static int middle(int row) {
        return TOP + row * ROW + ROW / 2;
    }

    private String description() {
        StringBuilder all = new StringBuilder();
        for (int row = 0; row < rows.size(); row++) {
            all.append(rows.get(row)).append(": ");
            for (int column = 0; column < columns.size(); column++) {
                all.append(column == 0 ? "" : ", ").append(columns.get(column)).append(' ')
                        .append(String.format(Locale.ROOT, "%.1f µs", values.get(row)[column]));
            }
            all.append(". ");
        }
        return all.toString().trim();
    }

    private void text(String style, String anchor, double x, double y, String content) {
        add("<text class='%s' text-anchor='%s' x='%.1f' y='%.1f'>%s</text>", style, anchor, x, y,
                escaped(content));
    }

    private void add(String format, Object... arguments) {
        svg.append(String.format(Locale.ROOT, format, arguments).replace('\'', '"')).append('\n');
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.1f", value);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;");
    }
}
