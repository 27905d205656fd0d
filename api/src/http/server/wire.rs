//! The socket of a connection, whatever is spoken over it.

use std::{
    io::{ErrorKind, IoSlice, Result},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, watch},
    time::{Sleep, sleep},
};

use super::activity::Activity;

/// The socket of a connection. What became of HTTP, such as a WebSocket, has it too, so the connection is counted until it is
/// closed. A client that takes nothing of what is sent fails the connection after a while.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    activity: Arc<Activity>,
    /// How long nothing may be taken.
    patience: Duration,
    /// When that is over, while nothing is taken.
    deadline: Option<Pin<Box<Sleep>>>,
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
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, patience: Duration, place: Place) -> Self {
        Self { stream, activity, patience, deadline: None, _place: place }
    }

    /// Fails what has been waiting for too long.
    fn within_patience(&mut self, context: &mut Context<'_>, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        if written.is_ready() {
            if self.deadline.take().is_some() {
                self.activity.set_blocked(false);
            }
            return written;
        }
        let deadline = self.deadline.get_or_insert_with(|| {
            self.activity.set_blocked(true);
            Box::pin(sleep(self.patience))
        });
        deadline.as_mut().poll(context).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_patience(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within_patience(context, written)
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
