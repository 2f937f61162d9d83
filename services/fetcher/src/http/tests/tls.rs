//! Encryption, with a certificate authority of the test's own.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

/// Makes a server's side of TLS for a name, and returns the certificate with it.
pub(super) fn acceptor(name: &str, protocol: &[u8]) -> (TlsAcceptor, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![protocol.to_vec()];
    (TlsAcceptor::from(Arc::new(tls)), certificate)
}

/// Serves `hello` over TLS as `site.example`, in HTTP/1.1 or, when `h2`, in HTTP/2, and returns the certificate.
pub(super) async fn serve_tls(h2: bool) -> (SocketAddr, CertificateDer<'static>) {
    let (acceptor, certificate) = acceptor("site.example", if h2 { &b"h2"[..] } else { &b"http/1.1"[..] });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(tcp).await else { continue };
            let mut head = [0u8; 1024];
            let read = stream.read(&mut head).await.unwrap_or(0);
            if !h2 && read > 0 {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
            } else if head.starts_with(b"PRI * HTTP/2.0") {
                // Enough to see that HTTP/2 was spoken: settings, then GOAWAY.
                let _ = stream.write_all(b"\0\0\0\x04\0\0\0\0\0").await;
                let _ = stream.write_all(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b").await;
            }
            let _ = stream.shutdown().await;
        }
    });
    (address, certificate)
}

async fn get_https(config: HttpConfig, host: &str) -> Result<HttpResponse, HttpError> {
    let url = NormalUrl::parse(&format!("https://{host}/")).unwrap();
    HttpClient::new(config).unwrap().get(HttpRequest::new(url, Limits::page())).await
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted_for_its_name_only() {
    let (server, certificate) = serve_tls(false).await;
    let trusting = HttpConfig { extra_roots: vec![certificate], ..config(server) };
    assert_eq!(get_https(trusting.clone(), "site.example").await.unwrap().body.as_ref(), b"hello");
    assert_eq!(get_https(trusting, "other.example").await.unwrap_err().code(), "tls");
    assert_eq!(get_https(config(server), "site.example").await.unwrap_err().code(), "tls");
}

#[tokio::test]
async fn http_2_is_spoken_when_the_server_chooses_it() {
    let (server, certificate) = serve_tls(true).await;
    let trusting = HttpConfig { extra_roots: vec![certificate], ..config(server) };
    let error = get_https(trusting, "site.example").await.unwrap_err();
    assert!(
        matches!(&error, HttpError::Protocol(why) if why.contains("ENHANCE_YOUR_CALM") || why.contains("excessive load")),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_without_encryption_is_no_https_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    assert_eq!(get_https(config(server), "site.example").await.unwrap_err().code(), "tls");
}
