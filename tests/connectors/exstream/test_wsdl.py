"""What a WSDL tells of a service, and what stands in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.soap import UnreadableXmlError
from xconnector.connectors.exstream.wsdl import WSDL, read_wsdl

_WHOLE = f"""<?xml version='1.0' encoding='UTF-8'?>
<definitions xmlns="{WSDL}" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="urn:engine"
    targetNamespace="urn:engine" name="EngineService">
  <import namespace="urn:more" location="http://engine.test/EngineService?wsdl=more.wsdl"/>
  <portType name="Engine"><operation name="Compose"/><operation name="Compose"/><operation name="Ping"/></portType>
  <service name="EngineService">
    <port name="EngineServicePort" binding="tns:Binding"><soap:address location="http://engine.test/EngineService"/></port>
    <port name="Other" binding="tns:Binding"/>
  </service>
</definitions>"""


def test_a_description_names_what_it_defines() -> None:
    described = read_wsdl(_WHOLE.encode())

    assert described.namespace == "urn:engine"
    assert described.services == ("EngineService",)
    assert described.ports == ("EngineServicePort", "Other")
    assert described.operations == ("Compose", "Ping")
    assert described.addresses == ("http://engine.test/EngineService",)
    assert described.imports == ("http://engine.test/EngineService?wsdl=more.wsdl",)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html><body>sign in</body></html>",
        "<definitions/>",
        _WHOLE.replace("<definitions", '<!DOCTYPE definitions SYSTEM "file:///etc/passwd"><definitions'),
        '<description xmlns="http://www.w3.org/ns/wsdl"/>',
    ],
)
def test_what_is_no_wsdl_is_refused(content: str) -> None:
    with pytest.raises(UnreadableXmlError):
        read_wsdl(content.encode())


@given(st.integers(0, len(_WHOLE) - 1))
def test_a_wsdl_that_was_cut_off_is_refused(length: int) -> None:
    with pytest.raises(UnreadableXmlError):
        read_wsdl(_WHOLE[:length].encode())
