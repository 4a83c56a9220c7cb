// result: 7

const later = async () => 7;
later();
