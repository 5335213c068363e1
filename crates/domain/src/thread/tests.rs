//! Threads as people meet them: begun, written in, left, archived.
