//! The log ports on rdkafka.
