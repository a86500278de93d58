package io.jvloop.examples;

import io.jvloop.http.HttpHandler;
import io.jvloop.http.HttpRequest;
import io.jvloop.http.HttpResponse;
import io.jvloop.http.codec.HttpDate;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Answers GET and HEAD with the files of a folder, and nothing from outside of it: neither by dots nor by
 * symbolic links nor by encodings. What waits for the disk runs on the loop's executor; the kernel sends the
 * bytes.
 */
final class FileHandler implements HttpHandler {
    private static final int PARTIAL = 206;
    private static final int MOVED = 301;
    private static final int NOT_MODIFIED = 304;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int PRECONDITION_FAILED = 412;
    private static final int RANGE_NOT_SATISFIABLE = 416;

    private final Path root;

    FileHandler(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(folder + " is not a folder");
        }
        root = folder.toRealPath();
    }

    Path root() {
        return root;
    }

    /** What was found on the disk, and is still to be sent. */
    private interface Answer {
        void send() throws IOException;
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) {
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            response.status(METHOD_NOT_ALLOWED).header("Allow", "GET, HEAD").end("only GET and HEAD\n");
            return;
        }
        response.await(request.loop().runInExecutor(() -> find(request, response)), answer -> {
            try {
                answer.send();
            } catch (IOException e) {
                response.fail(e);
            }
        });
    }

    /** What a path leads to. */
    private record Found(UrlPath path, Path real, BasicFileAttributes attributes) {
    }

    /** Looks; not on the loop. If what is there cannot be read that is the server's fault: status 500. */
    private Answer find(HttpRequest request, HttpResponse response) throws IOException {
        Found found = lookUp(request.path());
        try {
            if (found != null && found.attributes().isDirectory()) {
                return folder(found.real(), found.path(), request, response);
            } else if (found != null && found.attributes().isRegularFile() && !found.path().isFolder()) {
                return file(found.real(), found.attributes(), request, response);
            }
        } catch (NoSuchFileException | AccessDeniedException goneOrPrivate) {
            // as if it were not there
        }
        return () -> response.status(NOT_FOUND).end("404 Not Found\n");
    }

    /** Null if it is not there, or not a path, or has a name that is too long: nobody's business. */
    private Found lookUp(String target) {
        try {
            UrlPath path = UrlPath.parse(target);
            Path real = path.in(root).toRealPath();
            return real.startsWith(root) ? new Found(path, real, attributes(real)) : null;
        } catch (IOException | IllegalArgumentException notThere) {
            return null;
        }
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private Answer folder(Path folder, UrlPath path, HttpRequest request, HttpResponse response)
            throws IOException {
        if (!path.isFolder()) { // relative links need the slash
            String query = request.query() == null ? "" : "?" + request.query();
            String location = path.encoded() + "/" + query;
            return () -> response.status(MOVED).header("Location", location)
                    .end("moved to " + location + "\n");
        }
        Path index = folder.resolve("index.html");
        if (Files.isRegularFile(index) && index.toRealPath().startsWith(root)) {
            Path real = index.toRealPath();
            return file(real, attributes(real), request, response);
        }
        byte[] page = Listing.of(root, folder, path);
        return () -> response.header("Content-Type", "text/html; charset=utf-8")
                .header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'").end(page);
    }

    private static Answer file(Path path, BasicFileAttributes attributes, HttpRequest request,
            HttpResponse response) throws IOException {
        Validators validators = Validators.of(attributes);
        int status = validators.evaluate(request);
        if (status == NOT_MODIFIED || status == PRECONDITION_FAILED) {
            return () -> withValidators(response, validators).status(status).end();
        }
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        return () -> send(file, MediaTypes.of(path), validators, request, response);
    }

    private static HttpResponse withValidators(HttpResponse response, Validators validators) {
        return response.header("ETag", validators.tag()).header("Last-Modified",
                HttpDate.format(validators.modified()));
    }

    private static void send(FileChannel file, String type, Validators validators, HttpRequest request,
            HttpResponse response) throws IOException {
        boolean sending = false;
        try {
            long size = file.size();
            ByteRange range = validators.allowRange(request) ? ByteRange.parse(request.header("Range"), size)
                    : ByteRange.whole(size);
            withValidators(response, validators).header("Accept-Ranges", "bytes");
            if (range == null) {
                response.status(RANGE_NOT_SATISFIABLE).header("Content-Range", "bytes */" + size)
                        .end("the file has " + size + " bytes\n");
                return;
            }
            response.header("Content-Type", type).header("X-Content-Type-Options", "nosniff");
            if (range.isPart()) {
                response.status(PARTIAL).header("Content-Range", range.of(size));
            }
            var sent = response.sendFile(file, range.first(), range.count());
            sending = true;
            sent.whenComplete((bytes, failure) -> close(file));
        } finally {
            if (!sending) {
                file.close();
            }
        }
    }

    private static void close(FileChannel file) {
        try {
            file.close();
        } catch (IOException e) {
            System.err.println("cannot close a file: " + e);
        }
    }
}
