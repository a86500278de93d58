package io.jvloop.support;

/** The topics of docs/contracts.md, in its order. */
public enum Section {
    CONSTANTS("1 Constants"),
    LOOP("2 Loop"),
    RAW_CHANNELS("3 Raw channels"),
    DNS("4 DNS"),
    SERVERS("5 Servers"),
    CLIENTS("6 Client connections"),
    TRANSPORT("7 Stream transport and protocol"),
    UDP("8 UDP"),
    PROCESS("9 Subprocess"),
    SIGNALS("10 Signals"),
    TLS("11 TLS and sendfile"),
    STREAMS("12 Streams"),
    BETTER("13 Better than uvloop"),
    CHOICES("14 Choices"),
    HTTP("15 HTTP");

    private final String title;

    Section(String title) {
        this.title = title;
    }

    /** The heading in the document. */
    public String title() {
        return title;
    }
}
