//! Protobuf JSON (the canonical mapping of the protobuf specification) by reflection over the checked-in descriptor set.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

const DESCRIPTORS: &[u8] = include_bytes!("generated/naba.v1.binpb");

static POOL: LazyLock<Result<DescriptorPool, String>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).map_err(|e| e.to_string()));

/// Why a message could not be turned into JSON or back.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The descriptor set does not hold the message: generated code and descriptor set are out of step.
    #[error("no descriptor for {0}: run `cargo xtask codegen`")]
    UnknownMessage(String),
    /// The wire form could not be read back.
    #[error("protobuf does not decode")]
    Decode(#[from] prost::DecodeError),
    /// The JSON does not fit the message.
    #[error("json does not fit the message")]
    Json(#[from] serde_json::Error),
}

/// Returns the serialised `FileDescriptorSet` of the contract.
pub fn descriptor_set() -> &'static [u8] {
    DESCRIPTORS
}

/// Returns the message as protobuf JSON: camelCase names, enum names, RFC 3339 times; unset fields are left out.
pub fn to_json<M: Message + Name>(message: &M) -> Result<Value, JsonError> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    dynamic.merge(message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new();
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// Reads a message from protobuf JSON; unknown fields are an error.
pub fn from_json<M: Message + Name + Default>(value: Value) -> Result<M, JsonError> {
    let dynamic = DynamicMessage::deserialize(descriptor::<M>()?, value)?;
    Ok(dynamic.transcode_to()?)
}

fn descriptor<M: Name>() -> Result<prost_reflect::MessageDescriptor, JsonError> {
    let name = M::full_name();
    let pool = POOL.as_ref().map_err(|e| JsonError::UnknownMessage(format!("{name} ({e})")))?;
    pool.get_message_by_name(&name).ok_or(JsonError::UnknownMessage(name))
}
