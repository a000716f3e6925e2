//! What is true of the workspace as a whole, in one binary.

mod architecture;
mod control;
mod decoders;
mod manners;
mod profiles;
mod simulation;
mod sockets;
mod subaccounts;
mod successions;
