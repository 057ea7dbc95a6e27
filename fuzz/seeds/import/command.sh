curl 'http://h/a' -H 'X: 1' --data-raw $'{\'a\':1}'
