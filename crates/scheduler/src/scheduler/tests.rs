mod desk;
mod scopes;
mod waiting;
mod windows;

mod schedules;
mod weather;
mod world;
