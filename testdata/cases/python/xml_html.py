# stdout: ['a', 'b'] &lt;p&gt; q=1&r=a+b
import html
import urllib.parse
import xml.etree.ElementTree as ET

root = ET.fromstring("<r><i>a</i><i>b</i></r>")
print([item.text for item in root.iter("i")], html.escape("<p>"), urllib.parse.urlencode({"q": 1, "r": "a b"}))
