//! What may be wrong with a Greenroom, how bad it is, and the command that corrects it.
//!
//! [`Facts`] are gathered by whoever can see them: the command line looks at this machine, the configuration and what it can
//! try out, and asks the running server. [`examine`] makes findings of them and touches nothing. What people say when
//! something is wrong, and what the findings are called that lie behind it, is a table: [`TROUBLES`]. The README prints it.
//!
//! | module | holds |
//! |---|---|
//! | `finding` | one finding, its severity, and the exit code |
//! | `facts` | what was seen |
//! | `machine` | looks at the disk, the permissions and the limits of this machine |
//! | `gather` | asks a running server |
//! | `examine` | facts in, findings out. Pure |
//! | `troubles` | what people say, and what lies behind it |
//! | `shown` | findings as text |
//! | `limits` | every limit, with its unit and its reason |
#![warn(missing_docs)]

mod examine;
mod facts;
mod finding;
#[cfg(feature = "http")]
mod gather;
pub mod limits;
mod machine;
mod shown;
mod troubles;

pub use examine::examine;
pub use facts::{Facts, Machine, Part, ServerFact, Space, StoreFact, Tried};
pub use finding::{Finding, Severity, exit_code};
#[cfg(feature = "http")]
pub use gather::ask;
pub use machine::look;
pub use shown::shown;
pub use troubles::{TROUBLES, Trouble, markdown};
