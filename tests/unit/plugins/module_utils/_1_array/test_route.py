# Copyright: (c) 2026, wiresec.ontap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to an array: what is refused never shows a part of a password."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wiresec.ontap.plugins.module_utils._1_array.route import host_and_port, proxy

PASSWORD = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "complete", "shown"),
    [
        ("http://proxy:3128", "http://proxy:3128", "proxy:3128"),
        ("proxy:3128", "http://proxy:3128", "proxy:3128"),
        ("proxy", "http://proxy", "proxy"),
        ("HTTPS://Proxy.example:3128/", "https://proxy.example:3128", "proxy.example:3128"),
        ("http://me:s3cr3t@[::1]:3128", "http://me:s3cr3t@[::1]:3128", "[::1]:3128"),
        ("http://me:s3%23r3t@proxy", "http://me:s3%23r3t@proxy", "proxy"),
        ("http://me:s3[r3t@proxy", "http://me:s3%5Br3t@proxy", "proxy"),
        ("http://m\u00e9:s3cr3t@proxy", "http://m%C3%A9:s3cr3t@proxy", "proxy"),
        ("http://me@proxy", "http://me@proxy", "proxy"),
    ],
)
def test_proxies(url: str, complete: str, shown: str) -> None:
    found = proxy(url, {"https_proxy": url})
    assert (found.url, found.shown) == (complete, f"{shown} (https_proxy)")
    assert PASSWORD not in repr(found)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("socks5://me:s3cr3t@proxy:1080", "ALL_PROXY: a proxy of the kind socks5 is not supported"),
        ("socks5h://proxy", "a proxy of the kind socks5h is not supported"),
        ("s3cr3t!://proxy", "a proxy of the kind that is named is not supported"),
        ("http://me:s3cr3t#x@proxy", "must be written as %23"),
        ("http://me:s3cr3t/x@proxy", "must be written as %23"),
        ("http://me:s3cr3t?x@proxy", "must be written as %23"),
        ("http://me:s3cr3t@x@proxy", "must be written as %23"),
        ("http://me:s3cr3t#x", "the host of the proxy has a port that is not a number"),
        ("http://me:s3cr3t@", "the host of the proxy is not a host name"),
        ("http://me:s3cr3t@a..b", "the host of the proxy is not a host name"),
        ("http://me:s3cr3t@[::1", "the host of the proxy has a bracket"),
        ("http://me:s3cr3t@proxy:99999", "the host of the proxy has a port"),
        ("http://me:s3cr3t@two words", "the host of the proxy contains a blank"),
        ("http://me:s3cr3t@proxy\n", "the host of the proxy contains a blank"),
        ("http://me:s3cr3t x@proxy", "has a blank or a control character"),
        ("http://me:s3cr3t%D0%BF@proxy", "a character beyond Latin-1"),
        ("http://me:s3cr3t\udce4@proxy", "has a blank or a control character"),
        ("http://me:s3cr3t%FF@proxy", "a character beyond Latin-1"),
    ],
)
def test_what_is_no_proxy_is_named_by_its_variable_and_not_quoted(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="^ALL_PROXY: ") as caught:
        proxy(url, {"ALL_PROXY": url, "HOME": url})
    assert sentence in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_proxy_that_no_variable_names_comes_from_the_system() -> None:
    assert proxy("http://proxy:1", {}).shown == "proxy:1 (The system's proxy settings)"


@given(st.text(st.characters() | st.sampled_from("[]:@/#?%.-"), max_size=20))
def test_any_text_is_a_host_or_an_error_with_words(text: str) -> None:
    with suppress(ValueError):
        host, port = host_and_port(text)
        assert host
        assert port is None or 0 < port < 65536
    with suppress(ValueError):
        assert PASSWORD not in proxy(f"http://me:{PASSWORD}{text}@proxy", {}).shown
