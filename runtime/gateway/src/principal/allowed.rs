//! The extractors, and the proof that a handler has one.

use super::{Gate, Principal, Scope, Word};
use crate::errors::Refusal;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use std::convert::Infallible;
use std::marker::PhantomData;

impl<S> FromRequestParts<S> for Principal
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        // Whoever was asked for at the door need not be asked for once more.
        match parts.extensions.get::<Self>() {
            Some(known) => Ok(known.clone()),
            None => Gate::from_ref(state).principal(parts),
        }
    }
}

/// For what says more to those who are known.
impl<S> OptionalFromRequestParts<S> for Principal
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Infallible> {
        Ok(<Self as FromRequestParts<S>>::from_request_parts(parts, state).await.ok())
    }
}

/// A caller with this scope.
#[derive(Debug, Clone)]
pub(crate) struct Allowed<C: Scope>(pub(crate) Principal, pub(crate) PhantomData<fn() -> C>);

impl<C: Scope, S> FromRequestParts<S> for Allowed<C>
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Self::of(<Principal as FromRequestParts<S>>::from_request_parts(parts, state).await?)
    }
}

impl<C: Scope> Allowed<C> {
    /// The proof, for a caller who is known.
    pub(crate) fn of(principal: Principal) -> Result<Self, Refusal> {
        match C::WORD {
            Some(word) if !principal.scopes.has(word) => Err(Refusal::missing_scope(word.as_str())),
            _ => Ok(Self(principal, PhantomData)),
        }
    }
}

mod sealed {
    pub(crate) trait Sealed {}
}

/// The arguments of a handler that begin with [`Allowed`].
pub(crate) trait Demands: sealed::Sealed {
    /// What is demanded.
    const WORD: Option<Word>;
}

macro_rules! demands {
    ($(($($rest:ident)*))*) => {$(
        impl<Via, C: Scope, $($rest,)*> sealed::Sealed for (Via, Allowed<C>, $($rest,)*) {}

        impl<Via, C: Scope, $($rest,)*> Demands for (Via, Allowed<C>, $($rest,)*) {
            const WORD: Option<Word> = C::WORD;
        }
    )*};
}

demands! { () (A) (A B) (A B D) (A B D E) (A B D E F) (A B D E F G) }
