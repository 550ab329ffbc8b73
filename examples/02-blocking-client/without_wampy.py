"""The lesson on the client that comes with the agents' own machinery."""

from lesson import lesson

from ocs.client import connect

if __name__ == "__main__":
    with connect() as obs:
        lesson(obs)
