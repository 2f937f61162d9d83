//! Requests that go through a proxy, and headers that an operator sets for a site.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use tokio::io::copy_bidirectional;

use super::super::{Proxy, SiteSettings, Sites};
use super::tls::{acceptor, serve_tls};
use super::*;

fn through(proxy: SocketAddr) -> HttpConfig {
    let proxy = Proxy { is_tls: false, host: proxy.ip().to_string(), port: proxy.port() };
    HttpConfig { sites: Sites { proxy: Some(proxy), ..Sites::default() }, ..HttpConfig::default() }
}

async fn get_url(config: HttpConfig, url: &str) -> Result<HttpResponse, HttpError> {
    let request = HttpRequest::new(NormalUrl::parse(url).unwrap(), Limits::page());
    HttpClient::new(config).unwrap().get(request).await
}

/// Tells what was asked for, as a proxy sees it, and in which language.
async fn echo() -> SocketAddr {
    let tell = |request: Request| async move {
        let language = request.headers().get("accept-language").map(|value| value.to_str().unwrap().to_owned());
        format!("{} {}", request.uri(), language.unwrap_or_default())
    };
    serve(Router::new().fallback(tell)).await
}

/// A proxy that connects every tunnel to one server, or answers with a status. Returns what it was asked for, too.
async fn tunnels(server: Option<SocketAddr>, status: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(tcp.read_u8().await.unwrap());
            }
            log.lock().unwrap().push(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned());
            tcp.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
            if let Some(server) = server {
                let mut to = TcpStream::connect(server).await.unwrap();
                tokio::spawn(async move { copy_bidirectional(&mut tcp, &mut to).await });
            }
        }
    });
    (address, asked)
}

#[tokio::test]
async fn a_proxy_is_handed_whole_requests_for_names_that_only_it_looks_up() {
    let proxy = echo().await;
    let answer = get_url(through(proxy), "http://news.example/x?y=1").await.unwrap();
    assert_eq!(answer.body.as_ref(), b"http://news.example/x?y=1 ");
}

#[tokio::test]
async fn a_proxy_is_never_asked_for_an_inner_address() {
    let (proxy, asked) = tunnels(None, "200 OK").await;
    for url in [
        "http://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "http://localhost/",
        "https://db.internal/",
    ] {
        let outcome = get_url(through(proxy), url).await;
        assert!(matches!(outcome, Err(HttpError::RefusedAddress { .. })), "{url}: {outcome:?}");
    }
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_is_verified_at_its_end() {
    let (server, certificate) = serve_tls(false).await;
    let (proxy, asked) = tunnels(Some(server), "200 Connection established").await;
    let config = HttpConfig { extra_roots: vec![certificate], ..through(proxy) };
    let answer = get_url(config.clone(), "https://site.example/").await.unwrap();
    assert_eq!(answer.body.as_ref(), b"hello");
    assert_eq!(*asked.lock().unwrap(), ["CONNECT site.example:443 HTTP/1.1"]);
    assert_eq!(get_url(config, "https://other.example/").await.unwrap_err().code(), "tls");
}

#[tokio::test]
async fn the_way_to_the_proxy_may_be_encrypted_too() {
    let (server, certificate) = serve_tls(false).await;
    let (acceptor, of_proxy) = acceptor("proxy.example", b"http/1.1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tls.read_u8().await.unwrap());
        }
        tls.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut to = TcpStream::connect(server).await.unwrap();
        let _ = copy_bidirectional(&mut tls, &mut to).await;
    });
    let proxy = Proxy { is_tls: true, host: "proxy.example".into(), port: address.port() };
    let config = HttpConfig {
        sites: Sites { proxy: Some(proxy), ..Sites::default() },
        hosts: [("proxy.example".to_owned(), address)].into(),
        extra_roots: vec![certificate, of_proxy],
        ..HttpConfig::default()
    };
    assert_eq!(get_url(config, "https://site.example/").await.unwrap().body.as_ref(), b"hello");
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_named() {
    let (proxy, _) = tunnels(None, "407 Proxy Authentication Required").await;
    assert_eq!(get_url(through(proxy), "https://site.example/").await.unwrap_err().code(), "proxy");
}

#[tokio::test]
async fn headers_of_a_site_are_sent_to_it_and_to_no_other() {
    let server = echo().await;
    let arabic = SiteSettings { headers: vec![("accept-language".into(), "ar".into())], ..SiteSettings::default() };
    let by_host = [("news.example".to_owned(), arabic)].into();
    let config = HttpConfig { sites: Sites { proxy: None, by_host }, ..config(server) };
    let asked = async |url| get_url(config.clone(), url).await.unwrap().body;
    assert_eq!(asked("http://www.news.example/").await.as_ref(), b"/ ar");
    assert_eq!(asked("http://other.example/").await.as_ref(), b"/ ");
}
