//! Builders, real-Kafka and PostgreSQL harness for tests.
