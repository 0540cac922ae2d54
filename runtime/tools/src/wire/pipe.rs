//! The program's pipes, as the protocol's library wants them.

use crate::wire::frames::Frames;
use crate::wire::incoming::{Breach, Exchange, Incoming};
use parking_lot::Mutex;
use rmcp::RoleClient;
use rmcp::model::{ClientNotification, ClientRequest, JsonRpcMessage, RequestId};
use rmcp::service::TxJsonRpcMessage;
use rmcp::transport::Transport;
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

/// Messages over the input and the output of a program.
pub(crate) struct Pipe<R, W> {
    output: BufReader<R>,
    frames: Frames,
    /// `None` once it is closed, which asks the program to end.
    input: Arc<AsyncMutex<Option<W>>>,
    exchange: Arc<Mutex<Exchange>>,
    breach: Breached,
}

/// Why a conversation was ended from this side, where it was.
pub(crate) type Breached = Arc<Mutex<Option<Breach>>>;

impl<R: AsyncRead + Unpin + Send, W: AsyncWrite + Unpin + Send + 'static> Pipe<R, W> {
    pub(crate) fn new(output: R, input: W, breach: Breached) -> Self {
        Self {
            output: BufReader::new(output),
            frames: Frames::default(),
            input: Arc::new(AsyncMutex::new(Some(input))),
            exchange: Arc::new(Mutex::new(Exchange::new(Instant::now()))),
            breach,
        }
    }

    fn note(&self, message: &TxJsonRpcMessage<RoleClient>) {
        let mut exchange = self.exchange.lock();
        match message {
            JsonRpcMessage::Request(request) => {
                let is_first = matches!(request.request, ClientRequest::InitializeRequest(_));
                if let RequestId::Number(id) = request.id {
                    exchange.asks(id, is_first);
                }
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(RequestId::Number(id)) = cancelled.params.request_id
                {
                    exchange.gives_up(id);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
    }
}

impl<R: AsyncRead + Unpin + Send, W: AsyncWrite + Unpin + Send + 'static> Transport<RoleClient> for Pipe<R, W> {
    type Error = io::Error;

    fn send(&mut self, message: TxJsonRpcMessage<RoleClient>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.note(&message);
        let is_answer = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let line = serde_json::to_vec(&message);
        let (input, exchange) = (Arc::clone(&self.input), Arc::clone(&self.exchange));
        async move {
            let mut line = line?;
            line.push(b'\n');
            let mut input = input.lock().await;
            let open = input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            open.write_all(&line).await?;
            open.flush().await?;
            if is_answer {
                exchange.lock().answers();
            }
            Ok(())
        }
    }

    // Dropped between two messages and called once more: what was read of a line is kept.
    async fn receive(&mut self) -> Option<Incoming> {
        loop {
            let bytes = self.output.fill_buf().await.ok()?;
            if bytes.is_empty() {
                return None;
            }
            let (used, frame) = self.frames.take(bytes);
            self.output.consume(used);
            let Some(frame) = frame else { continue };
            let heard = self.exchange.lock().hears(frame, Instant::now());
            match heard {
                Ok(None) => {}
                Ok(Some(message)) => return Some(message),
                Err(breach) => {
                    *self.breach.lock() = Some(breach);
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        // Someone may write into a program that does not read; then it is ended without having been asked to.
        if let Ok(mut input) = self.input.try_lock() {
            *input = None;
        }
        Ok(())
    }
}
