"""The lesson on wampy."""

from lesson import lesson

from ocs.client_wampy import connect

if __name__ == "__main__":
    with connect() as obs:
        lesson(obs)
