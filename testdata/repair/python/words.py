import re
from collections import Counter


def tokens(text):
    return re.findall(r"[a-z]+", text.lower())


def frequency(words):
    counter = Counter(words)
    return counter.most_common(2)


def capitalise(words, minimum):
    result_words = []
    for word in words:
        if len(word) >= minimum:
            result_words.append(word.capitalize())
    return result_words


def compress(text):
    parts = []
    cursor = 0
    while cursor < len(text):
        count = 1
        while cursor + count < len(text) and text[cursor + count] == text[cursor]:
            count += 1
        parts.append(text[cursor] + str(count))
        cursor += count
    return "".join(parts)


sentence = "The cat and the dog and the bird"
words = tokens(sentence)
common = frequency(words)
lengths = {}
for number in range(len(words)):
    lengths[words[number]] = len(words[number])
chunks = 4
mean = sum(lengths.values()) / chunks
assert common == [("the", 3), ("and", 2)]
assert compress("aaabcc") == "a3b1c2"
assert capitalise(words, 4) == ["Bird"]
assert lengths["bird"] == 4
print(mean)
