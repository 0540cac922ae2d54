//! One WebSocket connection: frames in, stanzas to the server, stanzas out.

use super::noise::{self, Established, Next};
use crate::hub::Hub;
use crate::server;
use crate::world::Outgoing;
use anyhow::{Context as _, Result, bail, ensure};
use bytes::{Bytes, BytesMut};
use futures::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use whatsapp_rust::wacore::framing::{FrameDecoder, encode_frame};
use whatsapp_rust::wacore::noise::NoiseCipher;
use whatsapp_rust::wacore_binary::Node;
use whatsapp_rust::wacore_binary::consts::WA_CONN_HEADER;
use whatsapp_rust::wacore_binary::marshal::{marshal_auto, unmarshal_ref};
use whatsapp_rust::wacore_binary::util::unpack;

/// How long the real server waits between its last word and closing.
const LAST_WORD: Duration = Duration::from_millis(150);
/// How long a client may take to close in its turn.
const LINGER_MAX: Duration = Duration::from_secs(2);
/// A handshake that takes longer is given up.
const HANDSHAKE_MAX: Duration = Duration::from_secs(20);
const EDGE_ROUTING: [u8; 4] = [0x45, 0x44, 0, 1];

/// Takes connections until the simulator ends.
pub(crate) async fn serve(hub: Arc<Hub>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            () = hub.closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        if hub.world.lock().closed {
            continue;
        }
        let hub = hub.clone();
        tokio::spawn(async move {
            let closing = hub.closing.clone();
            tokio::select! {
                () = closing.cancelled() => {}
                ended = connection(hub, stream) => if let Err(error) = ended {
                    tracing::debug!(error = format!("{error:#}"), "a connection ended");
                },
            }
        });
    }
}

/// The bytes of a socket as frames.
struct Frames {
    socket: WebSocketStream<TcpStream>,
    decoder: FrameDecoder,
    /// Bytes before the connection header is complete.
    opening: Option<BytesMut>,
    routing: Option<Vec<u8>>,
}

impl Frames {
    /// The next frame; `None` when the client closed.
    async fn next(&mut self) -> Result<Option<BytesMut>> {
        loop {
            if self.opening.is_none()
                && let Some(frame) = self.decoder.decode_frame()
            {
                return Ok(Some(frame));
            }
            match self.socket.next().await {
                None | Some(Ok(Message::Close(_))) => return Ok(None),
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(Message::Binary(bytes))) => self.feed(&bytes)?,
                Some(Ok(Message::Text(_))) => bail!("a text message on a binary protocol"),
                Some(Ok(_)) => {}
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(opening) = &mut self.opening else {
            self.decoder.feed(bytes);
            return Ok(());
        };
        opening.extend_from_slice(bytes);
        if opening.starts_with(&EDGE_ROUTING) {
            let Some(length) = opening.get(4..7) else { return Ok(()) };
            let length = usize::from(length[0]) << 16 | usize::from(length[1]) << 8 | usize::from(length[2]);
            let Some(routing) = opening.get(7..7 + length) else { return Ok(()) };
            self.routing = Some(routing.to_vec());
            let _ = opening.split_to(7 + length);
        }
        if opening.len() < WA_CONN_HEADER.len() {
            return Ok(());
        }
        ensure!(opening.starts_with(&WA_CONN_HEADER), "the connection header is wrong: {:02x?}", &opening[..4]);
        let rest = opening.split_off(WA_CONN_HEADER.len());
        self.opening = None;
        self.decoder.feed(&rest);
        Ok(())
    }

    /// Closes a while after the last word. It reads on meanwhile: a socket that is closed with unread input takes
    /// back what the other side has not read yet, the last word among it.
    async fn farewell(&mut self) {
        let _ = tokio::time::timeout(LAST_WORD, async { while let Ok(Some(_)) = self.next().await {} }).await;
        let _ = self.socket.close(None).await;
        let _ = tokio::time::timeout(LINGER_MAX, async { while let Some(Ok(_)) = self.socket.next().await {} }).await;
    }

    async fn send(&mut self, payload: &[u8]) -> Result<()> {
        let frame = encode_frame(payload, None)?;
        self.socket.send(Message::Binary(Bytes::from(frame))).await?;
        Ok(())
    }
}

/// A client that goes before it has said everything.
#[derive(Debug, thiserror::Error)]
#[error("closed before the {0}")]
struct Gone(&'static str);

/// Whether a connection broke or was given up, instead of a client saying something wrong.
fn is_weather(cause: &(dyn std::error::Error + 'static)) -> bool {
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    cause.is::<std::io::Error>()
        || cause.is::<Gone>()
        || matches!(
            cause.downcast_ref(),
            Some(
                Error::Io(_)
                    | Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            )
        )
}

async fn connection(hub: Arc<Hub>, stream: TcpStream) -> Result<()> {
    let socket = tokio_tungstenite::accept_async(stream).await.context("no WebSocket handshake")?;
    let mut frames = Frames { socket, decoder: FrameDecoder::new(), opening: Some(BytesMut::new()), routing: None };
    let established = tokio::time::timeout(HANDSHAKE_MAX, handshake(&hub, &mut frames)).await;
    let Established { write, read, noise_public, payload } = match established.context("the handshake took too long")? {
        Ok(established) => established,
        Err(error) => {
            // A client that dies in the middle broke no rule.
            if !error.chain().any(is_weather) {
                hub.change(|world| world.record.violation(None, format!("handshake: {error:#}")));
            }
            return Err(error);
        }
    };
    let (outlet, mut outgoing) = mpsc::unbounded_channel();
    let Some(number) = server::login::arrive(&hub, noise_public, &payload, frames.routing.take(), &outlet) else {
        // Refused: what there is to say is in the outlet.
        drop(outlet);
        let mut writer = Writer { cipher: write, counter: 0 };
        while let Some(Outgoing::Node(node)) = outgoing.recv().await {
            writer.write(&mut frames, &node).await?;
        }
        frames.farewell().await;
        return Ok(());
    };
    drop(outlet);
    let ended = talk(&hub, number, frames, (write, read), &mut outgoing).await;
    hub.change(|world| server::login::leave(world, number));
    ended
}

async fn handshake(hub: &Hub, frames: &mut Frames) -> Result<Established> {
    let hello = frames.next().await?.ok_or(Gone("hello"))?;
    match noise::answer(&hub.identity, &hello, hub.options.refuse_ik)? {
        Next::Done(answer, established) => {
            frames.send(&answer).await?;
            Ok(*established)
        }
        Next::Finish(answer, waiting) => {
            frames.send(&answer).await?;
            let finish = frames.next().await?.ok_or(Gone("finish"))?;
            waiting.finish(&finish)
        }
    }
}

struct Writer {
    cipher: NoiseCipher,
    counter: u32,
}

impl Writer {
    async fn write(&mut self, frames: &mut Frames, node: &Node) -> Result<()> {
        let plain = marshal_auto(node)?;
        let encrypted = self.cipher.encrypt_with_counter(self.counter, &plain)?;
        self.counter += 1;
        frames.send(&encrypted).await
    }
}

async fn talk(
    hub: &Arc<Hub>,
    number: u64,
    mut frames: Frames,
    (write, read): (NoiseCipher, NoiseCipher),
    outgoing: &mut mpsc::UnboundedReceiver<Outgoing>,
) -> Result<()> {
    let mut writer = Writer { cipher: write, counter: 0 };
    let mut read_counter = 0;
    let mut frozen = false;
    loop {
        tokio::select! {
            // Stanzas that were made before the client's next one leave before it is looked at.
            biased;
            told = outgoing.recv() => match told {
                None | Some(Outgoing::Cut) => return Ok(()),
                Some(Outgoing::Freeze(freeze)) => frozen = freeze,
                Some(Outgoing::Node(node)) if !frozen => writer.write(&mut frames, &node).await?,
                Some(Outgoing::Node(_)) => {}
                Some(Outgoing::Close) => {
                    hub.change(|world| server::login::leave(world, number));
                    frames.farewell().await;
                    return Ok(());
                }
            },
            frame = frames.next(), if !frozen => {
                let Some(mut frame) = frame? else { return Ok(()) };
                let node = decode(&read, read_counter, &mut frame);
                read_counter += 1;
                match node {
                    Ok(node) => server::handle(hub, number, &node),
                    Err(error) => {
                        hub.change(|world| server::login::malformed(world, number, &format!("{error:#}")));
                        return Err(error);
                    }
                }
            }
        }
    }
}

fn decode(cipher: &NoiseCipher, counter: u32, frame: &mut BytesMut) -> Result<Node> {
    cipher.decrypt_in_place_with_counter(counter, frame).context("a frame does not decrypt")?;
    let plain = unpack(frame).context("a frame does not unpack")?;
    let node = unmarshal_ref(&plain).context("a frame is no stanza")?;
    Ok(node.to_owned())
}
