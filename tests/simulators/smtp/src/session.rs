//! One connection: the commands of RFC 5321 that a client needs to hand over a mail, in their order.

use super::{Fault, Received, Security, Shared};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What was said so far.
#[derive(Default)]
struct Session {
    fault: Option<Fault>,
    secure: bool,
    user: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// What follows a part of a connection.
enum Next {
    End,
    StartTls,
}

pub(super) async fn run(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut session = Session { fault: shared.faults.lock().pop_front(), ..Session::default() };
    if shared.security == Security::Tls {
        session.secure = true;
        let mut wire = BufReader::new(shared.acceptor.accept(stream).await?);
        greet(&mut wire, &session).await?;
        return talk(&mut wire, &mut session, shared).await.map(drop);
    }
    let mut wire = BufReader::new(stream);
    greet(&mut wire, &session).await?;
    if let Next::StartTls = talk(&mut wire, &mut session, shared).await? {
        session = Session { fault: session.fault, secure: true, ..Session::default() };
        let mut wire = BufReader::new(shared.acceptor.accept(wire.into_inner()).await?);
        talk(&mut wire, &mut session, shared).await?;
    }
    Ok(())
}

async fn greet(wire: &mut BufReader<impl Wire>, session: &Session) -> io::Result<()> {
    if session.fault == Some(Fault::Hang) {
        std::future::pending::<()>().await;
    }
    say(wire, "220 localhost ready").await
}

async fn say(wire: &mut BufReader<impl Wire>, line: &str) -> io::Result<()> {
    wire.write_all(format!("{line}\r\n").as_bytes()).await?;
    wire.flush().await
}

async fn line(wire: &mut BufReader<impl Wire>) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = wire.read_line(&mut line).await?;
    Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn talk(wire: &mut BufReader<impl Wire>, session: &mut Session, shared: &Shared) -> io::Result<Next> {
    while let Some(said) = line(wire).await? {
        let upper = said.to_ascii_uppercase();
        let word = upper.split([' ', ':']).next().unwrap_or_default();
        let answer = match word {
            "EHLO" => hello(session, shared),
            "STARTTLS" if shared.security == Security::StartTls && !session.secure => {
                say(wire, "220 go ahead").await?;
                return Ok(Next::StartTls);
            }
            "AUTH" => log_in(wire, session, shared, &said).await?,
            "MAIL" if shared.login.is_some() && session.user.is_none() => "530 log in first".to_owned(),
            "MAIL" if session.fault == Some(Fault::SenderRefused) => "553 you may not send as this".to_owned(),
            "MAIL" => {
                session.from = address(&said);
                "250 ok".to_owned()
            }
            "RCPT" => recipient(session, &said),
            "DATA" if session.fault == Some(Fault::Drop) => return Ok(Next::End),
            "DATA" if session.from.is_none() || session.to.is_none() => "503 bad sequence".to_owned(),
            "DATA" => match mail(wire, session, shared).await? {
                Some(answer) => answer,
                None => return Ok(Next::End),
            },
            "RSET" | "NOOP" => "250 ok".to_owned(),
            "QUIT" => {
                say(wire, "221 bye").await?;
                return Ok(Next::End);
            }
            _ => "502 not known here".to_owned(),
        };
        say(wire, &answer).await?;
    }
    Ok(Next::End)
}

fn hello(session: &Session, shared: &Shared) -> String {
    let tls = shared.security == Security::StartTls && !session.secure && session.fault != Some(Fault::NoTls);
    let tls = if tls { "250-STARTTLS\r\n" } else { "" };
    // A password goes through TLS only.
    let login = if shared.login.is_some() && session.secure { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
    format!("250-localhost\r\n{tls}{login}250 8BITMIME")
}

async fn log_in(
    wire: &mut BufReader<impl Wire>,
    session: &mut Session,
    shared: &Shared,
    said: &str,
) -> io::Result<String> {
    if !session.secure {
        return Ok("538 encryption is required".to_owned());
    }
    let mut words = said.split_whitespace().skip(1);
    let given = match words.next().map(str::to_ascii_uppercase).as_deref() {
        Some("PLAIN") => {
            let text = decoded(words.next().unwrap_or_default());
            let mut parts = text.split('\0').skip(1).map(str::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        }
        Some("LOGIN") => {
            say(wire, "334 VXNlcm5hbWU6").await?;
            let user = decoded(&line(wire).await?.unwrap_or_default());
            say(wire, "334 UGFzc3dvcmQ6").await?;
            (user, decoded(&line(wire).await?.unwrap_or_default()))
        }
        _ => return Ok("504 no such way to log in".to_owned()),
    };
    if session.fault == Some(Fault::NoSuchLogin) || shared.login.as_ref() != Some(&given) {
        return Ok("535 5.7.8 user name or password is wrong".to_owned());
    }
    session.user = Some(given.0);
    Ok("235 welcome".to_owned())
}

fn decoded(text: &str) -> String {
    String::from_utf8(decoded_bytes(text)).unwrap_or_default()
}

pub(super) fn decoded_bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text.trim()).unwrap_or_default()
}

fn address(said: &str) -> Option<String> {
    let (_, rest) = said.split_once('<')?;
    rest.split_once('>').map(|(address, _)| address.to_owned())
}

fn recipient(session: &mut Session, said: &str) -> String {
    let to = address(said).unwrap_or_default();
    match session.fault {
        Some(Fault::Greylist) => format!("451 4.7.1 <{to}>: greylisted, come back in a minute"),
        Some(Fault::NoSuchRecipient) => format!("550 5.1.1 <{to}>: no such user here"),
        _ => {
            session.to = Some(to);
            "250 ok".to_owned()
        }
    }
}

/// Reads the mail; `None` ends the connection without a word.
async fn mail(wire: &mut BufReader<impl Wire>, session: &mut Session, shared: &Shared) -> io::Result<Option<String>> {
    say(wire, "354 end with a dot").await?;
    let mut text = String::new();
    loop {
        let Some(line) = line(wire).await? else { return Ok(None) };
        if line == "." {
            break;
        }
        text.push_str(line.strip_prefix('.').filter(|_| line.starts_with("..")).unwrap_or(&line));
        text.push('\n');
    }
    if session.fault == Some(Fault::MailRefused) {
        return Ok(Some("554 5.7.1 this looks like spam".to_owned()));
    }
    let (from, to) = (session.from.take().unwrap_or_default(), session.to.take().unwrap_or_default());
    let user = session.user.clone();
    shared.mails.lock().push(Received { from, to, text, secure: session.secure, user });
    shared.news.notify_waiters();
    match session.fault {
        Some(Fault::DropAfterMail) => Ok(None),
        Some(Fault::HangAfterMail) => std::future::pending().await,
        _ => Ok(Some("250 taken".to_owned())),
    }
}
