// A load on a TLS server: one thread, closed loop, every byte that comes back is verified.
//
//   tls_load echo      tcp:PORT SIZE CONNS SECS   each connection sends SIZE bytes, awaits them back, repeats
//   tls_load handshake tcp:PORT      CONNS SECS   each client connects, shakes hands, echoes one byte, sends close_notify,
//                                                 closes, repeats
// Options:
//   --tls12         TLS 1.2 rather than 1.3
//   --cipher NAME   this cipher suite only, in OpenSSL's spelling
//   --resume        handshake: offer the session of the client's connection before (without: always a full handshake)
//   --wait          say "ready" when connected, and start at a line on standard input
//
// Prints one line of JSON: "rps" over the SECS, latency percentiles ("handshake": of a whole visit), and "count", which also has
// what was under way at the end and was awaited. Any failure is told on standard error, and the exit status is then not 0.
//
// Build: cc -O2 -o tls_load tls_load.c -lssl -lcrypto

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define PATIENCE (10 * SECOND)  // for the first connections, and for the last answers
#define PERIOD 251              // of the content; prime, so that no buffer size hides a shift
#define BUCKETS (1 << 20)       // of 1 us; the last one has all that is longer

typedef struct {
  int fd;
  SSL *ssl;
  SSL_SESSION *session;
  size_t unsent, unread;
  unsigned phase;  // where in the content the message starts: differs between connections and from message to message
  uint32_t interest;
  uint64_t began;
} client;

static int handshakes, resume;
static size_t size = 1;
static struct sockaddr_in server = { .sin_family = AF_INET };
static SSL_CTX *ctx;
static int epoll;
static unsigned char *content, in[1 << 16];

static uint64_t end;
static uint64_t counted, late, visits, resumed;
static int ready, active;
static uint32_t histogram[BUCKETS];
static char protocol[32], cipher[64], group[32];

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

_Noreturn static void fail(const char *what) {
  fprintf(stderr, "tls_load: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

_Noreturn static void fail_errno(const char *what) {
  fprintf(stderr, "tls_load: %s: %s\n", what, strerror(errno));
  exit(1);
}

// Returns what an unfinished SSL call waits for; any other reason is the end of the program.
static uint32_t blocked_on(client *c, int result, const char *call) {
  switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ: return EPOLLIN;
    case SSL_ERROR_WANT_WRITE: return EPOLLIN | EPOLLOUT;
    case SSL_ERROR_ZERO_RETURN: fail("the server closed the connection");
    case SSL_ERROR_SYSCALL: fail_errno(call);
    default: fail(call);
  }
}

static void await(client *c, uint32_t events) {
  if (events == c->interest) return;
  struct epoll_event e = { .events = events, .data.ptr = c };
  if (epoll_ctl(epoll, c->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e)) fail_errno("epoll_ctl");
  c->interest = events;
}

static void dial(client *c) {
  c->began = now();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail_errno("socket");
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (handshakes) {  // closed connections keep their ports for a minute: one source address would soon have none left
    static unsigned host;
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + host++ % 250) };
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail_errno("bind");
  }
  if (connect(c->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) fail_errno("connect");
  if (!(c->ssl = SSL_new(ctx)) || !SSL_set_fd(c->ssl, c->fd)) fail("SSL_new");
  SSL_set_app_data(c->ssl, c);
  SSL_set_connect_state(c->ssl);
  if (c->session) {  // a copy, because using a session marks it as used up, and not every server gives a new one each time
    SSL_SESSION *copy = SSL_SESSION_dup(c->session);
    SSL_set_session(c->ssl, copy);
    SSL_SESSION_free(copy);
  }
  c->interest = 0;
  await(c, EPOLLIN | EPOLLOUT);
}

static void hang_up(client *c) {
  SSL_shutdown(c->ssl);
  SSL_free(c->ssl);
  close(c->fd);
  c->ssl = NULL;
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
  client *c = SSL_get_app_data(ssl);
  SSL_SESSION_free(c->session);
  c->session = session;
  return 1;
}

static void push(client *c) {
  uint32_t events = EPOLLIN;
  while (c->unsent) {
    int n = SSL_write(c->ssl, content + c->phase + size - c->unsent, c->unsent);
    if (n <= 0) {
      events = blocked_on(c, n, "SSL_write");
      break;
    }
    c->unsent -= n;
  }
  await(c, events);
}

static int pull(client *c) {
  while (c->unread) {
    int n = SSL_read(c->ssl, in, c->unread < sizeof in ? c->unread : sizeof in);
    if (n <= 0) {
      blocked_on(c, n, "SSL_read");
      return 0;
    }
    if (memcmp(in, content + c->phase + size - c->unread, n)) fail("what came back is not what was sent");
    c->unread -= n;
  }
  return 1;
}

static void begin(client *c) {
  c->phase = (c->phase + 1) % PERIOD;
  c->unsent = c->unread = size;
  if (!handshakes) c->began = now();
  push(c);
}

static void connected(client *c) {
  if (!*cipher) {
    snprintf(protocol, sizeof protocol, "%s", SSL_get_version(c->ssl));
    snprintf(cipher, sizeof cipher, "%s", SSL_get_cipher_name(c->ssl));
    snprintf(group, sizeof group, "%s", OBJ_nid2sn(SSL_get_negotiated_group(c->ssl)));
  }
  visits++;
  resumed += SSL_session_reused(c->ssl);
  ready++;
  await(c, EPOLLIN);
  if (handshakes) begin(c);
}

static void completed(client *c) {
  if (SSL_pending(c->ssl)) fail("more came back than was sent");
  uint64_t t = now();
  if (t < end) {
    uint64_t us = (t - c->began) / 1000;
    histogram[us < BUCKETS ? us : BUCKETS - 1]++;
    counted++;
  } else {
    late++;
    active--;
  }
  if (handshakes) {
    hang_up(c);
    if (t < end) dial(c);
  } else if (t < end) {
    begin(c);
  }
}

static void advance(client *c) {
  if (!SSL_is_init_finished(c->ssl)) {
    int n = SSL_connect(c->ssl);
    if (n == 1) connected(c);
    else await(c, blocked_on(c, n, "SSL_connect"));
    return;
  }
  if (c->unsent) push(c);
  if (!c->unread) {  // between messages only the protocol itself may have something to say
    int n = SSL_read(c->ssl, in, sizeof in);
    if (n > 0) fail("more came back than was sent");
    blocked_on(c, n, "SSL_read");
  } else if (pull(c)) {
    completed(c);
  }
}

static void poll_once(uint64_t deadline) {
  struct epoll_event events[256];
  if (now() > deadline) fail("the server does not answer");
  int n = epoll_wait(epoll, events, 256, 100);
  if (n < 0 && errno != EINTR) fail_errno("epoll_wait");
  for (int i = 0; i < n; i++) advance(events[i].data.ptr);
}

static uint64_t percentile(double share) {
  uint64_t seen = 0, us = 0;
  while (us < BUCKETS - 1 && (seen += histogram[us]) < counted * share) us++;
  return us;
}

static void usage(void) {
  fprintf(stderr, "usage: tls_load echo tcp:PORT SIZE CONNS SECS | handshake tcp:PORT CONNS SECS"
                  "  [--tls12] [--cipher NAME] [--resume] [--wait]\n");
  exit(2);
}

int main(int argc, char **argv) {
  const char *suite = NULL;
  int tls12 = 0, wait = 0;
  struct option options[] = { { "tls12", no_argument, &tls12, 1 }, { "cipher", required_argument, NULL, 'c' },
                              { "resume", no_argument, &resume, 1 }, { "wait", no_argument, &wait, 1 }, { 0 } };
  for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (o == 'c') suite = optarg;
    else if (o) usage();
  }
  argv += optind;
  argc -= optind;
  handshakes = argc == 4 && !strcmp(argv[0], "handshake");
  if (!handshakes && !(argc == 5 && !strcmp(argv[0], "echo"))) usage();
  if (strncmp(argv[1], "tcp:", 4)) usage();
  server.sin_port = htons(atoi(argv[1] + 4));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!handshakes) size = atol(argv[2]);
  int count = atoi(argv[argc - 2]);
  double secs = atof(argv[argc - 1]);
  if (!size || size > 1 << 30 || count < 1 || secs <= 0) usage();

  signal(SIGPIPE, SIG_IGN);
  content = malloc(size + PERIOD);
  for (size_t i = 0; i < size + PERIOD; i++) content[i] = i % PERIOD;
  epoll = epoll_create1(EPOLL_CLOEXEC);

  ctx = SSL_CTX_new(TLS_client_method());
  int version = tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(ctx, version);
  SSL_CTX_set_max_proto_version(ctx, version);
  if (suite && !(tls12 ? SSL_CTX_set_cipher_list(ctx, suite) : SSL_CTX_set_ciphersuites(ctx, suite))) fail("no such cipher suite");
  SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_default_read_buffer_len(ctx, sizeof in);
  SSL_CTX_set_session_cache_mode(ctx, resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
  if (resume) SSL_CTX_sess_set_new_cb(ctx, keep_session);

  client *clients = calloc(count, sizeof *clients);
  for (int i = 0; i < count; i++) clients[i].phase = i % PERIOD;
  uint64_t patient = now() + PATIENCE;
  if (!handshakes) {
    for (int i = 0; i < count; i++) dial(&clients[i]);
    while (ready < count) poll_once(patient);
  }
  if (wait) {
    printf("ready\n");
    fflush(stdout);
    if (getchar() == EOF) fail("told to give up");
  }

  end = now() + (uint64_t)(secs * SECOND);
  active = count;
  for (int i = 0; i < count; i++) handshakes ? dial(&clients[i]) : begin(&clients[i]);
  while (active) poll_once(end + PATIENCE);
  if (!counted) fail("nothing was completed in time");

  printf("{\"rps\":%.0f,\"p50_us\":%lu,\"p99_us\":%lu,\"count\":%lu,\"protocol\":\"%s\",\"cipher\":\"%s\",\"group\":\"%s\"",
         counted / secs, percentile(0.5), percentile(0.99), counted + late, protocol, cipher, group);
  if (handshakes) printf(",\"resumed\":%.3f", (double)resumed / visits);
  printf("}\n");
  fflush(stdout);
  for (int i = 0; i < count; i++) {
    if (clients[i].ssl) hang_up(&clients[i]);
  }
  return 0;
}
