//! Configuration, tracing, metrics, admin HTTP, readiness and shutdown of a service.
