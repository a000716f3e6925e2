mod schedules;
mod world;
