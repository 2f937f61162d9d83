//! The client against real servers on loopback, well-behaved and hostile.

#![allow(clippy::unwrap_used, clippy::panic)]

mod coding;
mod exchange;
mod hostile;
mod proxy;
mod reach;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use naba_model::NormalUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{HttpClient, HttpConfig, HttpError, HttpRequest, HttpResponse, Limits};

/// Serves until the test ends and returns where.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Answers each connection with the given bytes, waits for `linger`, and closes.
async fn answer(bytes: Vec<u8>, linger: Duration) -> SocketAddr {
    serve_raw(move |mut tcp| {
        let bytes = bytes.clone();
        async move {
            let _ = tcp.write_all(&bytes).await;
            tokio::time::sleep(linger).await;
        }
    })
    .await
}

/// Reads the head of one request from each connection and hands the connection over.
async fn serve_raw<F, A>(answer: F) -> SocketAddr
where
    F: Fn(TcpStream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && tcp.read_buf(&mut head).await.unwrap_or(0) > 0 {}
            tokio::spawn(answer(tcp));
        }
    });
    address
}

/// A client for which every name below `.example` is the server, and loopback is allowed.
fn client(server: SocketAddr) -> HttpClient {
    HttpClient::new(config(server)).unwrap()
}

fn config(server: SocketAddr) -> HttpConfig {
    HttpConfig {
        hosts: [("*.example".to_owned(), server)].into(),
        allow_addresses: vec!["127.0.0.0/8".parse().unwrap()],
        ..HttpConfig::default()
    }
}

fn request(path: &str, limits: Limits) -> HttpRequest {
    HttpRequest::new(NormalUrl::parse(&format!("http://site.example{path}")).unwrap(), limits)
}

async fn get(server: SocketAddr, path: &str, limits: Limits) -> Result<HttpResponse, HttpError> {
    client(server).get(request(path, limits)).await
}
