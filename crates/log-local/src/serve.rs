//! The socket through which other processes of the same user read and append while the owner runs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use naba_stage::log::{Log, LogError, Producer, TopicPartition};
use prost::Message as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::log::LocalLog;
use crate::wire::{Ask, Request, Response, WireRecord, WireTopic};

/// Largest frame.
pub(crate) const MAX_FRAME: usize = 64 * 1024 * 1024;
/// Bytes of records in one answer, about.
const BYTES: usize = 8 * 1024 * 1024;

/// Serves the log on a Unix socket (mode 0600) until dropped. A socket file that nobody listens on is replaced.
pub async fn serve(log: LocalLog, path: &Path) -> Result<(), LogError> {
    let failed = |e: std::io::Error| LogError::Fatal(format!("socket {}: {e}", path.display()));
    if UnixStream::connect(path).await.is_err() {
        let _ = std::fs::remove_file(path);
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    loop {
        let (stream, _) = listener.accept().await.map_err(failed)?;
        let log = log.clone();
        tokio::spawn(async move {
            if let Err(error) = converse(&log, stream).await {
                tracing::debug!(%error, "socket client");
            }
        });
    }
}

async fn converse(log: &LocalLog, mut stream: UnixStream) -> std::io::Result<()> {
    while let Some(frame) = read_frame(&mut stream).await? {
        let response = match Request::decode(frame.as_slice()) {
            Ok(request) => answer(log, request).await.unwrap_or_else(Response::failed),
            Err(error) => Response::failed(LogError::Fatal(error.to_string())),
        };
        write_frame(&mut stream, &response.encode_to_vec()).await?;
    }
    Ok(())
}

async fn answer(log: &LocalLog, request: Request) -> Result<Response, LogError> {
    let at = TopicPartition::new(request.topic.as_str(), request.partition);
    let store = &log.shared.store;
    let mut response = Response::default();
    match request.ask() {
        Ask::Topics => {
            for topic in log.topics().await? {
                let watermarks = topic.partitions.into_iter().flat_map(|(low, high)| [low, high]).collect();
                response.topics.push(WireTopic { name: topic.name, watermarks });
            }
        }
        Ask::Read => {
            let max = request.max.min(10_000) as usize;
            let store = Arc::clone(store);
            let read = tokio::task::spawn_blocking(move || store.read(&at, request.offset, max, BYTES));
            let records = read.await.map_err(|e| LogError::Fatal(e.to_string()))??;
            response.records = records.iter().map(WireRecord::of).collect();
        }
        Ask::Append => {
            let mut producer = log.enlisted(&request.producer, request.epoch);
            let records: Vec<_> = request.records.into_iter().map(WireRecord::into_new).collect();
            producer.send(&records).await?;
            producer.commit(&[]).await?;
        }
        Ask::Enlist => response.number = Some(log.enlist(&request.producer).await?),
        Ask::Committed => response.number = store.position(&request.group, &at)?,
        Ask::OffsetForTime => response.number = Some(store.offset_for_time(&at, request.time)?),
    }
    Ok(response)
}

/// Reads a frame: four bytes of length, little-endian, and the message. `None` at the end of the stream.
pub(crate) async fn read_frame(stream: &mut UnixStream) -> std::io::Result<Option<Vec<u8>>> {
    let length = match stream.read_u32_le().await {
        Ok(length) => length as usize,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if length > MAX_FRAME {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, format!("frame of {length} bytes")));
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(Some(frame))
}

/// Writes a frame.
pub(crate) async fn write_frame(stream: &mut UnixStream, message: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(message.len()).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))?;
    stream.write_u32_le(length).await?;
    stream.write_all(message).await?;
    stream.flush().await
}
