# result: none
def solution(n):
    return n
