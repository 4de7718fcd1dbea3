//! The server as its clients meet it: over a socket.

mod client;
mod sending;
mod site;
