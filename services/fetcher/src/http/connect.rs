//! Connections, each to an address that the guard has just approved.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, pki_types::ServerName};

use super::config::HttpConfig;
use super::error::{HttpError, Phase};
use super::guard::{Guard, Refusal};
use super::race::first_to_connect;
use super::resolve::{Overrides, Resolve};
use super::site::{Proxy, Sites};

/// How many servers' TLS sessions are remembered: a resumed handshake costs half a full one.
const TLS_SESSIONS: usize = 4096;

/// Most bytes of a proxy's answer.
const MAX_PROXY_HEAD_BYTES: usize = 8 * 1024;

/// Opens connections for the client.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    guard: Guard,
    overrides: Overrides,
    sites: Arc<Sites>,
    resolver: Box<dyn Resolve>,
    tls: TlsConnector,
    /// For the way to a proxy, which speaks HTTP/1.1 only.
    proxy_tls: TlsConnector,
    dns_timeout: Duration,
    connect_timeout: Duration,
    tls_timeout: Duration,
}

impl Connector {
    pub(super) fn new(config: &HttpConfig, sites: Arc<Sites>, resolver: Box<dyn Resolve>) -> Result<Self, HttpError> {
        let tls = tls_config(config)?;
        let mut proxy_tls = tls.clone();
        proxy_tls.alpn_protocols.clear();
        Ok(Self(Arc::new(Inner {
            guard: Guard::new(config.allow_addresses.clone()),
            overrides: Overrides::new(config.hosts.clone()),
            sites,
            resolver,
            tls: TlsConnector::from(Arc::new(tls)),
            proxy_tls: TlsConnector::from(Arc::new(proxy_tls)),
            dns_timeout: config.dns_timeout,
            connect_timeout: config.connect_timeout,
            tls_timeout: config.tls_timeout,
        })))
    }
}

fn tls_config(config: &HttpConfig) -> Result<ClientConfig, HttpError> {
    let setup = |error: rustls::Error| HttpError::Setup(error.to_string());
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for certificate in &config.extra_roots {
        roots.add(certificate.clone()).map_err(setup)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    tls.resumption = rustls::client::Resumption::in_memory_sessions(TLS_SESSIONS);
    Ok(tls)
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, HttpError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.connect(&uri).await.map(TokioIo::new) })
    }
}

impl Inner {
    async fn connect(&self, uri: &Uri) -> Result<Stream, HttpError> {
        let bad_address = || HttpError::BadAddress(uri.to_string().chars().take(200).collect());
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad_address()),
        };
        let host = uri.host().ok_or_else(bad_address)?;
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        if let Some(proxy) = self.sites.proxy_to(host) {
            return self.connect_through(proxy, host, port, is_tls).await;
        }
        let addresses = self.addresses(host, port).await?;
        // A name with one address inside is refused as a whole: it may show another one next time (DNS rebinding).
        for address in &addresses {
            let refused = |refusal| HttpError::RefusedAddress { host: host.to_owned(), refusal };
            self.guard.check(*address).map_err(refused)?;
        }
        let tcp = self.open(host, &addresses).await?;
        let stream = Stream::Plain(tcp);
        if is_tls { self.encrypt(&self.tls, host, stream).await } else { Ok(stream) }
    }

    /// Connects by a proxy: a tunnel for https, and for http a proxy that takes the request whole.
    async fn connect_through(&self, proxy: &Proxy, host: &str, port: u16, is_tls: bool) -> Result<Stream, HttpError> {
        let refused = |refusal| HttpError::RefusedAddress { host: host.to_owned(), refusal };
        self.guard.check_through_proxy(host, port).map_err(refused)?;
        let addresses = self.addresses(&proxy.host, proxy.port).await?;
        let mut stream = Stream::Plain(self.open(&proxy.host, &addresses).await?);
        if proxy.is_tls {
            stream = self.encrypt(&self.proxy_tls, &proxy.host, stream).await?;
        }
        if !is_tls {
            return Ok(Stream::Forwarding(Box::new(stream)));
        }
        let opened = timeout(self.connect_timeout, open_tunnel(&mut stream, host, port)).await;
        let failed =
            |error| HttpError::Proxy { proxy: proxy.to_string(), host: host.to_owned(), source: Arc::new(error) };
        opened.map_err(|_| HttpError::Timeout(Phase::Connect))?.map_err(failed)?;
        self.encrypt(&self.tls, host, stream).await
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, HttpError> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = literal.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        if let Some(address) = self.overrides.find(host) {
            return Ok(vec![address]);
        }
        let dns = |error: io::Error| HttpError::Dns { host: host.to_owned(), source: Arc::new(error) };
        let looked_up = timeout(self.dns_timeout, self.resolver.resolve(host)).await;
        let ips = looked_up.map_err(|_| HttpError::Timeout(Phase::Dns))?.map_err(dns)?;
        if ips.is_empty() {
            return Err(dns(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    /// Connects to the first address that answers. Addresses that lead nowhere are looked up anew next time.
    async fn open(&self, host: &str, addresses: &[SocketAddr]) -> Result<TcpStream, HttpError> {
        let error = match timeout(self.connect_timeout, first_to_connect(addresses)).await {
            Ok(Ok((address, tcp))) => {
                self.recheck(host, address, &tcp)?;
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Ok(Err(error)) => HttpError::Connect { host: host.to_owned(), source: Arc::new(error) },
            Err(_) => HttpError::Timeout(Phase::Connect),
        };
        self.resolver.forget(host);
        Err(error)
    }

    /// Makes sure that check and use are one, whatever stands between us and the network.
    fn recheck(&self, host: &str, asked: SocketAddr, tcp: &TcpStream) -> Result<(), HttpError> {
        let source = |error| HttpError::Connect { host: host.to_owned(), source: Arc::new(error) };
        let peer = tcp.peer_addr().map_err(source)?;
        if peer.ip().to_canonical() == asked.ip().to_canonical() {
            return Ok(());
        }
        Err(HttpError::RefusedAddress { host: host.to_owned(), refusal: Refusal::Moved(peer.ip()) })
    }

    async fn encrypt(&self, with: &TlsConnector, host: &str, plain: Stream) -> Result<Stream, HttpError> {
        let tls = |error: io::Error| HttpError::Tls { host: host.to_owned(), source: Arc::new(error) };
        let name = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_owned();
        let name =
            ServerName::try_from(name).map_err(|error| tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let handshake = timeout(self.tls_timeout, with.connect(name, plain)).await;
        let stream = handshake.map_err(|_| HttpError::Timeout(Phase::Tls))?.map_err(tls)?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// Asks a proxy for a way to a host (CONNECT, RFC 9110 §9.3.6).
async fn open_tunnel(stream: &mut Stream, host: &str, port: u16) -> io::Result<()> {
    let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    stream.flush().await?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_PROXY_HEAD_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the proxy's answer has no end"));
        }
        head.push(stream.read_u8().await?);
    }
    if head.starts_with(b"HTTP/1.") && head.get(8..10) == Some(b" 2") {
        return Ok(());
    }
    let status: String = String::from_utf8_lossy(&head).chars().take_while(|c| !c.is_control()).take(100).collect();
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the proxy answers {status:?}")))
}

/// A connection, encrypted or not.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<Stream>>),
    /// To a proxy that is handed whole requests.
    Forwarding(Box<Stream>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Plain(_) => Connected::new(),
            Self::Tls(tls) if tls.get_ref().1.alpn_protocol() == Some(b"h2") => Connected::new().negotiated_h2(),
            Self::Tls(_) => Connected::new(),
            Self::Forwarding(_) => Connected::new().proxy(true),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Forwarding(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Forwarding(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Forwarding(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Forwarding(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
