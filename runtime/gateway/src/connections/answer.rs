//! From a request on a connection to the routes, and back.

use super::peer::PeerAddress;
use super::place::Place;
use super::{Encrypted, SCHEME};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

/// Answers the requests of one connection, one after the other.
pub(super) struct Answers {
    pub(super) routes: Router,
    pub(super) encrypted: Encrypted,
    pub(super) address: PeerAddress,
    pub(super) place: Place,
}

impl Service<Request<Incoming>> for Answers {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let place = self.place.clone();
        place.begins();
        let is_read = Arc::new(AtomicBool::new(request.body().is_end_stream()));
        let mut request = request.map(|body| Body::new(Received { body, is_read: Arc::clone(&is_read) }));
        request.extensions_mut().insert(place.clone());
        request.extensions_mut().insert(self.address);
        if self.encrypted == Encrypted::Yes {
            request.headers_mut().insert(SCHEME, HeaderValue::from_static("https"));
        }
        let answering = TowerToHyperService::new(self.routes.clone()).call(request);
        Box::pin(async move {
            let mut response = answering.await?;
            if !is_read.load(Ordering::Relaxed) {
                // What was not read cannot be skipped, so the connection ends; a client must not use it again.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Answer { body, place }))
        })
    }
}

/// The body of a request, which tells whether all of it was read.
struct Received {
    body: Incoming,
    is_read: Arc<AtomicBool>,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.is_read.store(true, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer; when it is dropped all of it was handed over for writing.
pub(super) struct Answer {
    body: Body,
    place: Place,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.place.answered();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
