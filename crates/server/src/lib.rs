//! The server program: configuration, HTTP, WebSocket sessions, metrics, lifecycle.
