//! The socket of a connection, whatever is spoken over it.

use std::{
    io::{IoSlice, Result},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, watch},
};

/// The socket of a connection. What became of HTTP, such as a WebSocket, has it too, so the connection is counted until it is
/// closed.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    _place: Place,
}

/// A place among the connections that may be open. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// Counts against the most that may be open.
    pub(super) _permit: OwnedSemaphorePermit,
    /// Lets the server wait for the last one.
    pub(super) _life: watch::Receiver<()>,
}

impl Wire {
    /// A connection that was just accepted.
    pub(super) fn new(stream: TcpStream, place: Place) -> Self {
        Self { stream, _place: place }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
