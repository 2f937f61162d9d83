//! What to fetch when: schedule, politeness, robots, back-off.
