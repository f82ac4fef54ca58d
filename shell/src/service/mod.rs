//! The machine as a service to other programs.
//!
//! | module | job |
//! | --- | --- |
//! | `http/` | the APIs over HTTP, and the page |

pub mod http;
