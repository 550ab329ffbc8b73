"""The one door to the router: join and re-join a realm, call with a deadline, publish, subscribe, register."""
