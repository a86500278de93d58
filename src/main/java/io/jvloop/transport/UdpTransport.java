package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.Objects;

/**
 * A UDP socket. Hot: {@link #ready} → receive → {@code datagramReceived} → {@link #sendTo} → socket, with no
 * queue and no copy in between.
 *
 * <p><b>What it allocates.</b> Nothing of ours. {@code DatagramChannel.receive} keeps the last sender: while
 * datagrams come from one address it costs nothing, and for each change of sender 120 bytes (IPv4), 152 (IPv4
 * on a socket for both families) or 192 (IPv6), on JDK 17 and 25 alike. A cache of ours could not avoid that,
 * since the address is made before we could look it up. {@code send} allocates nothing; it keeps the last
 * target in the kernel's form, and knows it by identity.
 *
 * <p><b>{@code receive} also when connected</b>: {@code read} returns 0 for an empty datagram and for none.
 *
 * <p>Read next: {@link UdpSender}, {@link DatagramQueue}, {@link Lifecycle}.
 */
final class UdpTransport implements DatagramTransport, IoHandler, Lifecycle.Connection {
    private final DatagramChannel channel;
    private final InetSocketAddress localAddress;
    private final InetSocketAddress remoteAddress; // null unless connected
    private final boolean ipv4Only;
    private final Lifecycle<UdpTransport> life;
    private final UdpSender out;
    private final DatagramGroups groups;
    private DatagramProtocol protocol; // null after the end
    private Runnable onEnd;
    private boolean made;
    private boolean paused;
    private boolean closeRequested;
    private int lateSends;

    /** Wraps a bound channel. */
    UdpTransport(EventLoop loop, DatagramChannel channel, DatagramProtocol protocol, DatagramConfig config)
            throws IOException {
        this(loop, channel, protocol, config,
                channel.isConnected() ? (data, to) -> channel.write(data) : channel::send);
    }

    /** For tests: with an outlet that does as it is told. */
    UdpTransport(EventLoop loop, DatagramChannel channel, DatagramProtocol protocol, DatagramConfig config,
            UdpSender.Outlet outlet) throws IOException {
        this.channel = channel;
        this.protocol = Objects.requireNonNull(protocol, "the protocol factory returned null");
        this.localAddress = (InetSocketAddress) channel.getLocalAddress();
        this.remoteAddress = (InetSocketAddress) channel.getRemoteAddress();
        this.ipv4Only = localAddress.getAddress() instanceof Inet4Address;
        this.life = new Lifecycle<>(loop, this, ended -> onEnd.run());
        this.out = new UdpSender(life, outlet, config.writeBufferLimits(), this::errorReceived);
        this.groups = new DatagramGroups(channel);
    }

    /**
     * Lets {@code connectionMade} run in the next turn, then {@code afterwards}, then receiving begins.
     * {@code whenEnded} hears of the end once, after the protocol.
     */
    void start(Registration registration, Runnable afterwards, Runnable whenEnded) {
        onEnd = whenEnded;
        life.start(registration, afterwards);
    }

    @Override
    public void callConnectionMade() {
        made = true;
        protocol.connectionMade(this);
    }

    @Override
    public void begun() {
        updateReading();
        out.queueMayHaveGrown();
        if (closeRequested) {
            closeNow();
        }
    }

    @Override
    public void ready(int ops) {
        if ((ops & SelectionKey.OP_READ) != 0) {
            receive();
        }
        if ((ops & SelectionKey.OP_WRITE) != 0 && !life.isClosed()) {
            sendQueued();
        }
    }

    /** A batch, for a call of the selector costs more than a datagram; bounded, to be fair to the others. */
    private void receive() {
        for (int i = 0; i < UdpSender.BATCH && isReading() && receiveOne(); i++) {
            // each round delivers one
        }
    }

    /** False if that was all for this turn; what is left is reported again in the next. */
    private boolean receiveOne() {
        try {
            ByteBuffer data = life.loop().buffers().scratch();
            InetSocketAddress sender = (InetSocketAddress) channel.receive(data);
            if (sender != null) {
                deliver(data.flip(), sender);
            }
            return sender != null;
        } catch (ClosedChannelException e) { // somebody closed it behind our back
            life.lose(e);
        } catch (IOException e) { // about a datagram that was sent earlier; reading has taken it away
            errorReceived(e);
        } catch (RuntimeException e) { // no memory for the scratch buffer: would come again for ever
            life.fatal(e);
        }
        return false;
    }

    private void deliver(ByteBuffer data, InetSocketAddress sender) {
        int bytes = data.limit();
        try {
            protocol.datagramReceived(data, sender);
        } catch (Throwable t) { // reported, not fatal: the next datagram has nothing to do with this one
            life.report("protocol.datagramReceived() failed", t);
        }
        if (life.loop().isDebug()) {
            Scratch.poison(life.loop().buffers(), bytes);
        }
    }

    private void errorReceived(IOException failure) {
        if (!made) {
            return; // aborted before it began: the protocol never hears of it
        }
        try {
            protocol.errorReceived(failure);
        } catch (Throwable t) { // reported, not fatal
            life.report("protocol.errorReceived() failed", t);
        }
    }

    private void sendQueued() {
        out.flush();
        if (life.isClosing() && !out.hasQueued()) {
            life.lose(null);
        }
        out.shrunk();
    }

    @Override
    public void send(ByteBuffer data) {
        life.loop().requireLoopThread("send");
        if (remoteAddress == null) {
            throw new IllegalStateException(this + " is not connected; use sendTo(data, address)");
        }
        take(data, remoteAddress);
    }

    @Override
    public void sendTo(ByteBuffer data, InetSocketAddress to) {
        life.loop().requireLoopThread("sendTo");
        requireReachable(Objects.requireNonNull(to, "to")); // or it would fail in the queue, for ever
        take(data, to);
    }

    private void requireReachable(InetSocketAddress to) {
        if (remoteAddress != null && !to.equals(remoteAddress)) {
            throw new IllegalArgumentException(
                    "Invalid address " + to + ": this endpoint is connected to " + remoteAddress);
        }
        DatagramConfig.requireLookedUp(to);
        if (ipv4Only && to.getAddress() instanceof Inet6Address) {
            throw new IllegalArgumentException("Invalid address " + to + ": this endpoint has IPv4 only, "
                    + "being bound to " + localAddress);
        }
    }

    private void take(ByteBuffer data, InetSocketAddress to) {
        if (remoteAddress != null && !data.hasRemaining()) {
            // DatagramChannel would do nothing and return 0, whichever of its methods is used (JDK 17 to 25)
            throw new UnsupportedOperationException("the JDK cannot send an empty datagram on a connected "
                    + "endpoint; bind one without a remote address and use sendTo");
        }
        if (isClosing()) {
            lateSends = LateWrites.drop(lateSends, this, data);
        } else {
            out.send(data, to);
        }
    }

    @Override
    public void close() {
        life.loop().requireLoopThread("close");
        if (isClosing()) {
            return;
        }
        closeRequested = true;
        if (life.isOpen()) { // else when connectionMade is over: what is queued may wait for OP_WRITE
            closeNow();
        }
    }

    private void closeNow() {
        if (life.isClosing()) {
            return; // connectionMade has aborted it
        }
        if (out.hasQueued()) {
            life.closing();
            updateReading();
        } else {
            life.lose(null);
        }
    }

    @Override
    public void abort() {
        life.loop().requireLoopThread("abort");
        life.lose(null);
    }

    @Override
    public void draining() {
        life.drain(this::close);
    }

    @Override
    public void loopClosing() {
        life.lose(null);
    }

    @Override
    public void released(Throwable cause) {
        out.clear();
    }

    @Override
    public void forgetProtocol() {
        protocol = null;
    }

    @Override
    public boolean isClosing() {
        return closeRequested || life.isClosing();
    }

    @Override
    public void pauseReading() {
        life.loop().requireLoopThread("pauseReading");
        paused = true;
        updateReading();
    }

    @Override
    public void resumeReading() {
        life.loop().requireLoopThread("resumeReading");
        paused = false;
        updateReading();
    }

    @Override
    public boolean isReading() {
        return life.isOpen() && !paused;
    }

    private void updateReading() {
        life.await(SelectionKey.OP_READ, isReading());
    }

    @Override
    public long writeBufferSize() {
        return out.queuedBytes();
    }

    @Override
    public WriteBufferLimits writeBufferLimits() {
        return out.limits();
    }

    @Override
    public void setWriteBufferLimits(WriteBufferLimits limits) {
        life.loop().requireLoopThread("setWriteBufferLimits");
        out.limits(limits);
    }

    @Override
    public void join(InetAddress group, NetworkInterface nif, InetAddress source) throws IOException {
        life.loop().requireLoopThread("join");
        groups.join(group, nif, source);
    }

    @Override
    public void leave(InetAddress group, NetworkInterface nif, InetAddress source) {
        life.loop().requireLoopThread("leave");
        groups.leave(group, nif, source);
    }

    @Override
    public DatagramProtocol protocol() {
        return protocol;
    }

    @Override
    public void setProtocol(DatagramProtocol newProtocol) {
        life.loop().requireLoopThread("setProtocol");
        Objects.requireNonNull(newProtocol, "protocol");
        if (protocol != null) { // after connectionLost nobody calls it, so nobody should keep it either
            protocol = newProtocol;
        }
    }

    @Override
    public EventLoop loop() {
        return life.loop();
    }

    @Override
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public <T> T option(SocketOption<T> option) throws IOException {
        return channel.getOption(option);
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        life.loop().requireLoopThread("setOption");
        channel.setOption(option, value);
    }

    @Override
    public String toString() {
        return "DatagramTransport[" + localAddress + (remoteAddress == null ? "" : " ↔ " + remoteAddress)
                + ", " + life.state() + ", " + out + (paused ? ", reading paused" : "")
                + (protocol == null ? "" : ", " + protocol.getClass().getName()) + "]";
    }
}
