locals {
  sum        = 1 + 2 * 3 - -4 / (5 % 2)
  logic      = !true && (false || var.a >= 1.5e3)
  choice     = var.a == null ? "x" : var.b != "y" ? 1 : 2
  path       = aws_x.y[0].z["k"].0.w
  splats     = [aws_x.y[*].id, aws_x.y.*.id, aws_x.y[*].a.b[0]]
  call       = merge({ a = 1 }, var.maps...)
  nothing    = foo()
  namespaced = provider::postgresql::quote("x")
  list = [
    1,
    "two", # a comment in a list
    [3],
  ]
  map = {
    a        = 1
    "b"      = 2, c : 3
    (var.k)  = 4
    "d${1}"  = { e = { f = [] } }
    for_each = 5
  }
  for_list  = [for i, x in var.list : "${i}-${x}" if x != ""]
  for_map   = { for k, v in var.map : k => v... }
  multiline = concat(
    var.a,
    [
      for x in var.b :
      x.y
    ],
  )
  condition = (
    var.a
    ? 1
    : 2
  )
}
