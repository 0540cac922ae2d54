//! Names to addresses, private ones refused. The client connects to the addresses that were looked at here and to no
//! others, so a name that leads elsewhere a moment later gains nothing.

use crate::address::is_private;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

/// A name leads to a private address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} leads to the private address {address}; if that is meant, set allow_private = true")]
pub struct PrivateAddress {
    /// The name.
    pub name: String,
    /// One of the addresses that it leads to.
    pub address: IpAddr,
}

/// The addresses of a name, once they are found.
pub type Looked = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// Looks a name up: the system's resolver, or that of a test.
pub type LookUp = Arc<dyn Fn(String) -> Looked + Send + Sync>;

/// The system's resolver.
pub fn system() -> LookUp {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Refuses a name if any of its addresses is private: who owns a name owns all of its addresses.
#[derive(Clone)]
pub struct Resolver {
    /// Looks names up.
    pub look_up: LookUp,
    /// Whether private addresses are handed out all the same.
    pub allow_private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { look_up, allow_private } = self.clone();
        Box::pin(async move {
            let found = look_up(name.as_str().to_owned()).await?;
            if let Some(address) = found.iter().copied().find(|address| !allow_private && is_private(*address)) {
                let refused = PrivateAddress { name: name.as_str().to_owned(), address };
                return Err(Box::new(refused) as Box<dyn Error + Send + Sync>);
            }
            let found: Vec<SocketAddr> = found.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The refusal in an error or below it.
pub fn refused<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a PrivateAddress> {
    let mut below = Some(error);
    while let Some(one) = below {
        if let Some(refused) = one.downcast_ref() {
            return Some(refused);
        }
        below = one.source();
    }
    None
}
