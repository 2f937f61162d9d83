//! Client errors, by what has to happen next.

use naba_stage::log::LogError;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Sorts an error; see research and tests for how each code was seen.
pub(crate) fn classify(error: KafkaError) -> LogError {
    if let KafkaError::Transaction(inner) = &error {
        let text = format!("{error}: {}", inner.string());
        return if inner.is_fatal() {
            fatal(inner.code(), text)
        } else if inner.txn_requires_abort() {
            LogError::Abortable(text)
        } else if inner.is_retriable() {
            LogError::Unavailable(text)
        } else {
            by_code(inner.code(), text)
        };
    }
    let text = error.to_string();
    match error.rdkafka_error_code() {
        Some(code) => by_code(code, text),
        None => LogError::Fatal(text),
    }
}

/// Returns the error after which a client is of no more use, if it has raised one.
pub(crate) fn fatal_of<C: ClientContext>(client: &Client<C>) -> Option<LogError> {
    let (code, text) = client.fatal_error()?;
    Some(fatal(code, format!("{code}: {text}")))
}

fn fatal(code: RDKafkaErrorCode, text: String) -> LogError {
    use RDKafkaErrorCode as Code;
    match code {
        Code::Fenced | Code::FencedInstanceId | Code::InvalidProducerEpoch | Code::ProducerFenced => {
            LogError::Fenced(text)
        }
        _ => LogError::Fatal(text),
    }
}

fn by_code(code: RDKafkaErrorCode, text: String) -> LogError {
    use RDKafkaErrorCode as Code;
    match code {
        // UnknownPartition is the client's own: its copy of the metadata lacks a leader for now.
        Code::UnknownTopic | Code::UnknownTopicOrPartition => LogError::UnknownTopic(text),
        Code::Fenced | Code::FencedInstanceId | Code::InvalidProducerEpoch | Code::ProducerFenced => {
            LogError::Fenced(text)
        }
        Code::Fatal | Code::InvalidArgument | Code::InvalidConfig | Code::SaslAuthenticationFailed => {
            LogError::Fatal(text)
        }
        Code::MessageSizeTooLarge | Code::InvalidMessageSize => LogError::Fatal(text),
        Code::IllegalGeneration | Code::RebalanceInProgress | Code::UnknownMemberId | Code::State => {
            LogError::Abortable(text)
        }
        // Everything else is the network or a broker that is not there yet: the same call may work later.
        _ => LogError::Unavailable(text),
    }
}
